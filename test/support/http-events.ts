/** What the HTTP parser finds in bytes, as plain data; and that it finds the same in whatever pieces they come. */

import assert from 'node:assert/strict';
import { ProtocolError } from '#src/errors.js';
import type { HeadLimits } from '#src/http/head.js';
import type { BodyFraming, HttpEvent } from '#src/http/events.js';
import { HttpParser } from '#src/http/parser.js';
import { everyWay, latin1Bytes } from './pieces.js';

/** The limits that a server has when nobody sets others. */
export const LIMITS: HeadLimits = { maxLineBytes: 8 * 1024, maxHeadBytes: 16 * 1024, maxHeaderCount: 100 };

/** A valid request, to stand behind another. */
export const NEXT_REQUEST = 'PUT /next HTTP/1.1\r\nHost: next\r\nContent-Length: 4\r\n\r\nnext';

export interface PlainHead {
  readonly type: 'head';
  readonly method: string;
  readonly target: string;
  readonly isHttp10: boolean;
  readonly fields: readonly string[];
  readonly framing: BodyFraming;
  readonly keepsAlive: boolean;
  readonly expectsContinue: boolean;
  readonly isWebSocketUpgrade: boolean;
}

export type PlainEvent =
  | PlainHead
  | { readonly type: 'data'; readonly text: string }
  | { readonly type: 'end'; readonly trailers: readonly string[] };

/** The events in order, adjacent pieces of a body as one; and the code of the error behind them, if there is one. */
export interface Found {
  readonly events: PlainEvent[];
  readonly error: string | undefined;
}

/** What is found when the pieces come one by one and every event is taken at once. Any throw but a `ProtocolError` is passed on. */
export function parsePieces(pieces: Iterable<Uint8Array>, limits: HeadLimits = LIMITS): Found {
  const parser = new HttpParser(limits);
  const events: PlainEvent[] = [];
  try {
    for (const piece of pieces) {
      parser.push(piece);
      for (let event = parser.next(); event !== undefined; event = parser.next()) addEvent(events, event);
    }
  } catch (error) {
    if (error instanceof ProtocolError) return { events, error: error.code };
    throw error;
  }
  return { events, error: undefined };
}

/** What is found in bytes, given as latin1 text: the same in every way they can arrive. */
export function parseEveryWay(text: string, limits: HeadLimits = LIMITS): Found {
  const bytes = latin1Bytes(text);
  const whole = parsePieces([bytes], limits);
  for (const { name, pieces } of everyWay(bytes)) assert.deepEqual(parsePieces(pieces, limits), whole, name);
  return whole;
}

/** The events of valid requests, in every way they can arrive, alone and with another request behind them. */
export function eventsOf(text: string, limits: HeadLimits = LIMITS): PlainEvent[] {
  const { events, error } = parseEveryWay(text, limits);
  assert.equal(error, undefined);
  const next = parsePieces([latin1Bytes(NEXT_REQUEST)]);
  assert.deepEqual(parseEveryWay(text + NEXT_REQUEST, limits), { events: [...events, ...next.events], error: undefined }, 'with a request behind');
  return events;
}

/** The head of one valid request. */
export function headOf(text: string, limits: HeadLimits = LIMITS): PlainHead {
  const [head] = eventsOf(text, limits);
  assert.equal(head?.type, 'head');
  return head;
}

/** The body of one valid request, and its trailers as names and values in turn. */
export function bodyOf(text: string, limits: HeadLimits = LIMITS): { text: string; trailers: readonly string[] } {
  const [head, ...rest] = eventsOf(text, limits);
  const end = rest.pop();
  assert.equal(head?.type, 'head');
  assert.equal(end?.type, 'end');
  return { text: rest.map((event) => (event.type === 'data' ? event.text : assert.fail(event.type))).join(''), trailers: end.trailers };
}

/** The code with which bytes are refused, the same in every way they can arrive, alone and with a request behind them. */
export function refusalOf(text: string, limits: HeadLimits = LIMITS): string | undefined {
  const found = parseEveryWay(text, limits);
  assert.deepEqual(parseEveryWay(text + NEXT_REQUEST, limits), found, 'with a request behind');
  return found.error;
}

function addEvent(events: PlainEvent[], event: HttpEvent): void {
  if (event.type === 'head') {
    events.push({ ...event, fields: event.fields.toArray() });
  } else if (event.type === 'end') {
    events.push({ type: 'end', trailers: event.trailers.toArray() });
  } else {
    const text = Buffer.from(event.bytes).toString('latin1');
    const before = events.at(-1);
    if (before?.type === 'data') events[events.length - 1] = { type: 'data', text: before.text + text };
    else events.push({ type: 'data', text });
  }
}
