/** The text of an event stream, byte for byte: its head, and events that a client makes the same event from, whatever they hold. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '#src/errors.js';
import type { HeaderFields, ServerSentEvent } from '#src/http/contract.js';
import { encodeEvent, eventStreamFields, HEARTBEAT } from '#src/http/event-stream.js';
import { type HeardEvent, hearEvents } from '../support/event-source.js';
import { Random } from '../support/random.js';

// Events.

const ENCODED: readonly (readonly [name: string, event: ServerSentEvent, text: string])[] = [
  ['data', { data: 'a' }, 'data: a\n\n'],
  ['empty data', { data: '' }, 'data: \n\n'],
  ['data that begins with a space', { data: ' a' }, 'data:  a\n\n'],
  ['data that looks like a field', { data: 'id: 7' }, 'data: id: 7\n\n'],
  ['lines that end with LF', { data: 'a\nb' }, 'data: a\ndata: b\n\n'],
  ['lines that end with CR', { data: 'a\rb' }, 'data: a\ndata: b\n\n'],
  ['lines that end with CR LF', { data: 'a\r\nb' }, 'data: a\ndata: b\n\n'],
  ['lines that end in all ways, and empty ones', { data: '\n\r\r\na\n\rb\r\n' }, 'data: \ndata: \ndata: \ndata: a\ndata: \ndata: b\ndata: \n\n'],
  ['data that ends with a line', { data: 'a\n' }, 'data: a\ndata: \n\n'],
  ['an empty line, which would end the event', { data: 'a\n\nevent: b' }, 'data: a\ndata: \ndata: event: b\n\n'],
  ['other characters that break lines elsewhere', { data: 'a\u2028b\u0085c\x0bd\x0ce' }, 'data: a\u2028b\u0085c\x0bd\x0ce\n\n'],
  ['text beyond ASCII', { data: 'grüße 😀' }, 'data: grüße 😀\n\n'],
  ['a name', { event: 'news', data: 'a' }, 'event: news\ndata: a\n\n'],
  ['an empty name', { event: '', data: 'a' }, 'event: \ndata: a\n\n'],
  ['an id', { id: '7-1', data: 'a' }, 'id: 7-1\ndata: a\n\n'],
  ['an empty id', { id: '', data: 'a' }, 'id: \ndata: a\n\n'],
  ['a retry', { retry: 0, data: 'a' }, 'retry: 0\ndata: a\n\n'],
  ['everything', { data: 'a\nb', retry: 1500, id: '7', event: 'news' }, 'event: news\nid: 7\nretry: 1500\ndata: a\ndata: b\n\n'],
  ['an id alone', { id: '7' }, 'id: 7\n\n'],
  ['a retry alone', { retry: Number.MAX_SAFE_INTEGER }, 'retry: 9007199254740991\n\n'],
  ['bytes', { data: Uint8Array.of(0, 255, 10, 13) }, 'event: binary\nencoding: base64\ndata: AP8KDQ==\n\n'],
  ['no bytes', { data: new Uint8Array(0) }, 'event: binary\nencoding: base64\ndata: \n\n'],
  ['bytes with a name', { event: 'picture', id: '8', data: Uint8Array.of(1, 2, 3) }, 'event: picture\nid: 8\nencoding: base64\ndata: AQID\n\n'],
  ['a part of other bytes', { data: Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4) }, 'event: binary\nencoding: base64\ndata: AQID\n\n'],
];

for (const [name, event, text] of ENCODED) {
  test(`encodes ${name}`, () => assert.equal(encodeEvent(event), text));
}

test('a heartbeat is a comment, and no event', () => {
  assert.equal(HEARTBEAT, ':\n\n');
  assert.deepEqual(hearEvents(Buffer.from(`${HEARTBEAT}id: 1\n\n${HEARTBEAT}data: a\n\n${HEARTBEAT}`)), {
    events: [{ type: 'message', data: 'a', lastEventId: '1' }],
    lastEventId: '1',
    retry: undefined,
  });
});

const ALPHABET = ['a', ' ', ':', '\n', '\r', '\r\n', 'ü', '😀', '\ufeff', '\u2028', '\0', 'data: ', 'id', '\t'];

const textOf = (random: Random, letters: readonly string[]): string => Array.from({ length: random.below(8) }, () => random.pick(letters)).join('');

function eventFrom(random: Random): ServerSentEvent {
  const line = ALPHABET.filter((each) => !/[\r\n\0]/.test(each));
  const data = random.once(8) ? undefined : random.once(4) ? random.bytes(random.below(5)) : textOf(random, ALPHABET);
  return {
    ...(data === undefined ? {} : { data }),
    ...(data === undefined || random.once(2) ? {} : { event: textOf(random, line) }),
    ...(random.once(2) ? {} : { id: textOf(random, line) }),
    ...(random.once(4) ? { retry: random.below(10_000) } : {}),
  };
}

/** What must be heard of an event; nothing of one without data. */
function heard({ event, data }: ServerSentEvent, lastEventId: string): HeardEvent[] {
  if (data === undefined) return [];
  const isText = typeof data === 'string';
  return [{ type: event || (isText || event === '' ? 'message' : 'binary'), data: isText ? data.replace(/\r\n?/g, '\n') : Buffer.from(data).toString('base64'), lastEventId }];
}

test('whatever events hold, a client hears the same, in the same order', () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = new Random(seed);
    const expected: HeardEvent[] = [];
    let [text, lastEventId] = ['', ''];
    let retry: number | undefined;
    for (let i = random.below(6); i >= 0; i--) {
      const event = eventFrom(random);
      lastEventId = event.id ?? lastEventId;
      retry = event.retry ?? retry;
      expected.push(...heard(event, lastEventId));
      text += encodeEvent(event);
      if (random.once(3)) text += HEARTBEAT;
    }
    assert.deepEqual(hearEvents(Buffer.from(text)), { events: expected, lastEventId, retry }, `seed ${seed}`);
  }
});

// Its head.

const OWN = 'Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n';

test('its fields say what it is, and that nobody may serve it again, change it or hold it back', () => {
  const { lines, hasContentType, contentLength } = eventStreamFields(undefined);
  assert.deepEqual([lines, hasContentType, contentLength], [OWN, true, undefined]);
  assert.equal(eventStreamFields({}).lines, OWN);
});

test('fields of the application stand behind them, or replace those that may be others', () => {
  const lines = (headers: HeaderFields): string => eventStreamFields(headers).lines;
  assert.equal(lines({ 'Set-Cookie': ['a=1', 'b=2'] }), `${OWN}Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n`);
  assert.equal(lines([['X-Note', 'Cache-Control: public']]), `${OWN}X-Note: Cache-Control: public\r\n`);
  assert.equal(lines(new Headers({ 'Cache-Control': 'no-store' })), 'Content-Type: text/event-stream; charset=utf-8\r\nX-Accel-Buffering: no\r\ncache-control: no-store\r\n');
  assert.equal(lines({ 'x-accel-buffering': 'yes' }), 'Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache, no-transform\r\nx-accel-buffering: yes\r\n');
  assert.equal(eventStreamFields({ Connection: 'close' }).closes, true);
});

test('a field that cannot be, or that an event stream has no place for, is a UsageError', () => {
  for (const headers of [{ 'Content-Type': 'text/plain' }, { 'content-type': 'text/event-stream' }, { 'Content-Length': 5 }, { 'Transfer-Encoding': 'chunked' }, { 'X-A': 'a\nb' }, 'X-A: b']) {
    assert.throws(() => eventStreamFields(headers as HeaderFields), UsageError, JSON.stringify(headers));
  }
});
