/** What a client makes of what a server tells: what the server's own encoders write, and what a stranger might. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAnswer, encodeEnvelope, encodeGap, encodeItem, encodePosition } from '#src/channel/envelope.js';
import { EventStreamParser } from '#src/client/event-stream.js';
import { decodeMessage, isBehind, parseAnswer } from '#src/client/wire.js';
import { encodeEvent, HEARTBEAT } from '#src/http/event-stream.js';

const TEXT = 'grüße \u2028 "quoted" \\ \n 🧵';
const BYTES = Uint8Array.of(0, 1, 127, 128, 255);

const LETTERS = [
  ['text', { id: 'e-7', data: TEXT }],
  ['no text', { id: 'e-7', data: '' }],
  ['text under a name', { id: 'e-7', event: 'said', data: TEXT }],
  ['text without an id', { data: TEXT }],
  ['text under the name of bytes', { id: 'e-7', event: 'binary', data: 'aGVsbG8=' }],
  ['text under the name of a gap', { id: 'e-7', event: 'gap', data: 'mind it' }],
  ['no text under the name of a gap', { event: 'gap', data: '' }],
  ['bytes', { id: 'e-7', data: BYTES }],
  ['bytes under a name', { id: 'e-7', event: 'image', data: BYTES }],
  ['no bytes', { id: 'e-7', data: new Uint8Array() }],
  ['bytes without an id', { data: BYTES }],
] as const;

for (const [what, letter] of LETTERS) {
  test(`a WebSocket's envelope, a poll's item and an event hold ${what}`, () => {
    const envelope = encodeEnvelope(letter);
    assert.deepEqual(plain(decodeMessage(typeof envelope === 'string' ? envelope : Uint8Array.from(envelope).buffer)), plain(letter));
    assert.deepEqual(parseAnswer(encodeAnswer([encodeItem(letter)], 'e-8', false)).map(plain), [{}, plain(letter), { id: 'e-8' }]);
    assert.deepEqual(new EventStreamParser().push(encodeEvent(letter)).map(plain), [plain(letter)]);
  });
}

test('bytes under the name of bytes have none on an event stream', () => {
  assert.deepEqual(new EventStreamParser().push(encodeEvent({ id: 'e-7', event: 'binary', data: BYTES })).map(plain), [{ id: 'e-7', data: BYTES }]);
});

test('what is said to be bytes and is none comes as it is, and its place counts', () => {
  const told = { id: 'e-7', data: 'no base64!' };
  assert.deepEqual(plain(decodeMessage('{"id":"e-7","base64":"no base64!"}')), told);
  assert.deepEqual(parseAnswer('{"messages":[{"id":"e-7","base64":"no base64!"}],"next":"e-7"}').map(plain), [{}, told, { id: 'e-7' }]);
  assert.deepEqual(new EventStreamParser().push('event: binary\nencoding: base64\nid: e-7\ndata: no base64!\n\nencoding: base64\nid: e-8\n\n').map(plain), [told, { id: 'e-8' }]);
});

test('a place, a gap and a heartbeat hold no message', () => {
  assert.deepEqual(plain(decodeMessage(encodePosition('e-7'))), { id: 'e-7' });
  assert.deepEqual(plain(decodeMessage(encodeGap('e-7'))), { id: 'e-7', gap: true });
  assert.deepEqual(plain(decodeMessage('{}')), {});
  assert.deepEqual(parseAnswer(encodeAnswer([], 'e-7', true)).map(plain), [{ gap: true }, { id: 'e-7' }]);
  const parser = new EventStreamParser();
  assert.deepEqual(parser.push(encodeEvent({ id: 'e-7' }) + encodeEvent({ id: 'e-8', event: 'gap', data: '' }) + HEARTBEAT).map(plain), [{ id: 'e-7' }, { id: 'e-8', gap: true }, {}]);
});

for (const text of ['', 'sorry', '{"error":"sorry"}', '[]', 'null', '{"messages":7}', '{"id":"e-7"}']) {
  test(`an answer to a poll that is «${text}» is a message for it alone`, () => {
    assert.deepEqual(parseAnswer(text), [{ data: text }]);
  });
}

const STREAM = `\uFEFF: hello\r\rdata\n\ndata:  two\r\ndata: lines\r\nid:1\r\n\r\nevent:a\nevent: b\ndata:x:y\nretry: 10\nunknown: z\n\n: only a comment\n\nid\n\ndata: is never ended\n`.slice(1);
const TOLD = [{}, { data: '' }, { id: '1', data: ' two\nlines' }, { event: 'b', data: 'x:y' }, {}, { id: '' }];

test('the fields of an event stream, whichever its line ends, are those of WHATWG HTML §9.2.6', () => {
  assert.deepEqual(new EventStreamParser().push(STREAM).map(plain), TOLD);
});

test('an event stream tells the same in whatever pieces it comes', () => {
  for (let size = 1; size < STREAM.length; size++) {
    const parser = new EventStreamParser();
    const told = [];
    for (let at = 0; at < STREAM.length; at += size) told.push(...parser.push(STREAM.slice(at, at + size)));
    assert.deepEqual(told.map(plain), TOLD, `in pieces of ${size}`);
  }
});

for (const [id, place, expected] of [
  ['e-7', 'e-7', true],
  ['e-9', 'e-10', true],
  ['e-10', 'e-9', false],
  ['f-7', 'e-9', false],
  ['e-7', '', false],
  ['e-7', 'everything', false],
  ['opaque', 'opaque', false],
] as const) {
  test(`who is at «${place}» has ${expected ? '' : 'not '}heard «${id}»`, () => assert.equal(isBehind(id, place), expected));
}

/** Without the fields that are `undefined`, bytes as a plain Uint8Array. */
function plain(told: object): object {
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined).map(([name, value]) => [name, value instanceof Uint8Array ? Uint8Array.from(value) : value]));
}
