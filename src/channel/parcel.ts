/**
 * A message of a group as it travels on a bus: a byte for the version, the length of a head in four, the head in JSON, and the data. The
 * head leaves out what a message does not have.
 */

import type { ServerSentEvent } from '../http/contract.js';
import { type FieldPair, pairsOf } from './field-pairs.js';
import { eventOf } from './outgoing.js';
import type { Content } from './published.js';

export interface Parcel {
  /** Its number among those that its store has sent. */
  readonly number: number;
  readonly content: Content;
}

interface Head {
  readonly n: number;
  /** Whether the data is text. */
  readonly t?: true;
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  readonly retry?: number | undefined;
  readonly key?: string | undefined;
  readonly asIs?: true;
  readonly status?: number;
  readonly headers?: readonly FieldPair[];
}

const VERSION = 1;
const HEAD_AT = 5;

export function encodeParcel(number: number, content: Content): Uint8Array {
  const { data, event, id, retry, key, asIs } = content;
  const isText = typeof data === 'string';
  const head: Head = { n: number, event, id, retry, key, ...(isText && { t: true }), ...(asIs && { asIs }), ...responseHead(content) };
  const text = JSON.stringify(head);
  const headLength = Buffer.byteLength(text);
  const parcel = Buffer.allocUnsafeSlow(HEAD_AT + headLength + (isText ? Buffer.byteLength(data) : data.length));
  parcel[0] = VERSION;
  parcel.writeUInt32BE(headLength, 1);
  parcel.write(text, HEAD_AT);
  if (isText) parcel.write(data, HEAD_AT + headLength);
  else parcel.set(data, HEAD_AT + headLength);
  return parcel;
}

/** `undefined` for what is no parcel of this version, or holds what could not have been sent. */
export function decodeParcel(bytes: Uint8Array): Parcel | undefined {
  const parcel = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (parcel.length < HEAD_AT || parcel[0] !== VERSION) return undefined;
  const dataAt = HEAD_AT + parcel.readUInt32BE(1);
  const head = parseHead(parcel.toString('utf8', HEAD_AT, dataAt));
  if (head === undefined || dataAt > parcel.length) return undefined;
  const { n, event, id, retry, key, asIs = false, status, headers } = head;
  const data = head.t === true ? parcel.toString('utf8', dataAt) : new Uint8Array(parcel.subarray(dataAt));
  if (!isSendable({ event, id, retry, data })) return undefined;
  return { number: n, content: { data, event, id, retry, key, asIs, status, headers } };
}

function responseHead({ status, headers }: Content): Pick<Head, 'status' | 'headers'> {
  return { ...(status !== undefined && { status }), ...(headers !== undefined && { headers: pairsOf(headers) }) };
}

/** Who publishes on the bus may be somebody else: a name with a line break would be an event of its own. */
function isSendable(event: ServerSentEvent): boolean {
  try {
    return eventOf(event) !== undefined;
  } catch {
    return false;
  }
}

function parseHead(text: string): Head | undefined {
  try {
    const head = JSON.parse(text) as Partial<Head> | null;
    return typeof head?.n === 'number' ? (head as Head) : undefined;
  } catch {
    return undefined;
  }
}
