/**
 * How a poll is answered: with the response that was broadcast; or, if it goes on from an id, with messages in JSON and the place behind
 * them. A handshake that is not answered yet is no poll, and is not sent anything.
 */

import type { HeaderFields, Outgoing } from '../http/contract.js';
import type { AsyncChannel } from './channel.js';
import type { SendOptions } from './contract.js';
import { encodeAnswer, encodeItem } from './envelope.js';
import { type FieldPair, pairsOf } from './field-pairs.js';
import { eventOf } from './outgoing.js';
import type { Published } from './published.js';

const OWN_FIELDS: readonly FieldPair[] = [
  ['Content-Type', 'application/json'],
  ['Cache-Control', 'no-store'],
];
const OWN_ALONE = Object.fromEntries(OWN_FIELDS);

/** Answers with a message that does not move the place of the client, if it has one. */
export function answerWithMessage(channel: AsyncChannel<unknown>, published: Published, headers: HeaderFields | undefined): boolean {
  if (channel.request.isWebSocketUpgrade) return false;
  if (!goesOn(channel)) return channel.send(published.response, true);
  return answerInJson(channel, encodeAnswer([published.anonymous.item], channel.resumption!.position, false), headers);
}

/** The same with what is for this poll alone. */
export function answerWithOwn(channel: AsyncChannel<unknown>, message: Outgoing, options: SendOptions, headers: HeaderFields | undefined): boolean {
  if (channel.request.isWebSocketUpgrade) return false;
  if (!goesOn(channel)) return channel.send(message, true, options);
  const { event, data = '' } = eventOf(message) ?? {};
  return answerInJson(channel, encodeAnswer([encodeItem({ event, data })], channel.resumption!.position, false), headers);
}

/** The fields of the application win over ours. */
export function answerInJson(channel: AsyncChannel<unknown>, body: string, headers: HeaderFields | undefined): boolean {
  return channel.send({ headers: headers === undefined ? OWN_ALONE : withOwnFields(pairsOf(headers)), body }, true);
}

/** Whether it goes on from an id, in whichever group. */
function goesOn(channel: AsyncChannel<unknown>): boolean {
  return channel.resumption?.isAsked === true;
}

function withOwnFields(pairs: readonly FieldPair[]): FieldPair[] {
  const names = new Set(pairs.map(([name]) => String(name).toLowerCase()));
  return [...OWN_FIELDS.filter(([name]) => !names.has(name.toLowerCase())), ...pairs];
}
