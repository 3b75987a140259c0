/**
 * How a poll is answered: with the response that was broadcast; or, if it goes on from an id, with messages in JSON and the place behind
 * them. A handshake that is not answered yet is no poll, and is not sent anything.
 */

import type { HeaderFields, Outgoing } from '../http/contract.js';
import type { AsyncChannel } from './channel.js';
import type { SendOptions } from './contract.js';
import { encodeAnswer, encodeItem } from './envelope.js';
import { checkedPairs, type FieldPair } from './field-pairs.js';
import { eventOf } from './outgoing.js';
import type { Published } from './published.js';

const OWN_FIELDS: readonly FieldPair[] = [
  ['Content-Type', 'application/json'],
  ['Cache-Control', 'no-store'],
];
const OWN_ALONE = Object.fromEntries(OWN_FIELDS);

/** What `fieldsOfAnswer` gave, where the application has fields of its own. */
export type AnswerFields = readonly FieldPair[] | undefined;

/** The fields of an answer in JSON, of which those of the application win over ours; a `UsageError` where they cannot be sent. */
export function fieldsOfAnswer(headers: HeaderFields): readonly FieldPair[] {
  const pairs = checkedPairs(headers);
  const names = new Set(pairs.map(([name]) => name.toLowerCase()));
  return [...OWN_FIELDS.filter(([name]) => !names.has(name.toLowerCase())), ...pairs];
}

/** Answers with a message that does not move the place of the client, if it has one. */
export function answerWithMessage(channel: AsyncChannel<unknown>, published: Published, fields: AnswerFields): boolean {
  if (channel.request.isWebSocketUpgrade) return false;
  if (!goesOn(channel)) return channel.send(published.response, true);
  return answerInJson(channel, encodeAnswer([published.anonymous.item], channel.resumption!.position, false), fields);
}

/** The same with what is for this poll alone. */
export function answerWithOwn(channel: AsyncChannel<unknown>, message: Outgoing, options: SendOptions, fields: AnswerFields): boolean {
  if (channel.request.isWebSocketUpgrade) return false;
  if (!goesOn(channel)) return channel.send(message, true, options);
  const { event, data = '' } = eventOf(message) ?? {};
  return answerInJson(channel, encodeAnswer([encodeItem({ event, data })], channel.resumption!.position, false), fields);
}

export function answerInJson(channel: AsyncChannel<unknown>, body: string, fields: AnswerFields): boolean {
  return channel.send({ headers: fields ?? OWN_ALONE, body }, true);
}

/** Whether it goes on from an id, in whichever group. */
function goesOn(channel: AsyncChannel<unknown>): boolean {
  return channel.resumption?.isAsked === true;
}
