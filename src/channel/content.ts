/** What is broadcast, judged once for all who will be sent it. */

import { UsageError } from '../errors.js';
import type { HttpResponse, Outgoing } from '../http/contract.js';
import { checkStatus } from '../http/response.js';
import type { Message } from './contract.js';
import { checkedPairs } from './field-pairs.js';
import { bodyOf, isEvent, isResponse, keepBytes } from './outgoing.js';
import type { Content } from './published.js';

/** How it is broadcast. */
export interface ContentOptions {
  readonly key?: string | undefined;
  readonly compress?: boolean | undefined;
}

/** A `UsageError` where it cannot be sent to all kinds of members. `isKept`: it outlives this broadcast, and needs bytes of its own. */
export function contentOf(message: Outgoing, { key, compress }: ContentOptions, isKept: boolean): Content {
  const body = bodyOf(message);
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new UsageError('what is broadcast is text or bytes, a response with such a body, or an event with data');
  if (key !== undefined && typeof key !== 'string') throw new UsageError('the key of a message is a string');
  if (isKept) checkKeptEvent(message);
  const { event, id, retry } = isEvent(message) ? message : NO_EVENT;
  const { status, headers } = isResponse(message) ? message : NO_RESPONSE;
  checkStatus(status);
  const pairs = headers === undefined ? undefined : checkedPairs(headers);
  return { data: typeof body === 'string' ? body : ownBytes(body, isKept), event, id, retry, asIs: compress === false, key, status, headers: pairs };
}

/** A `UsageError` for an event that clients of a group with history would take for one of the group's own. */
export function checkKeptEvent(message: Outgoing): void {
  if (!isEvent(message)) return;
  if (message.id !== undefined) throw new UsageError('in a group with history ids are the group\'s to give: leave it out');
  if (message.event === 'gap') throw new UsageError('in a group with history an event named gap says that messages were lost: choose another name');
}

const NO_EVENT = { event: undefined, id: undefined, retry: undefined };
const NO_RESPONSE: HttpResponse = {};

/** Not out of the pool of `Buffer`, of which a small message that is kept would pin much. */
function ownBytes(bytes: Uint8Array, isKept: boolean): Message {
  return isKept ? new Uint8Array(bytes) : keepBytes(bytes);
}
