/** The parser finds the same requests, one behind the other, in whatever pieces their bytes come, and takes no more than it is asked for. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpEvent } from '#src/http/events.js';
import { HttpParser } from '#src/http/parser.js';
import { eventsOf, headOf, LIMITS, NEXT_REQUEST, parseEveryWay, parsePieces, refusalOf } from '../support/http-events.js';
import { latin1Bytes } from '../support/pieces.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED = 'POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';

function parserOf(text: string): HttpParser {
  const parser = new HttpParser(LIMITS);
  parser.push(latin1Bytes(text));
  return parser;
}

function next(parser: HttpParser): HttpEvent {
  return parser.next() ?? assert.fail('no event');
}

test('finds a head, then the end of a message without a body', () => {
  assert.deepEqual(eventsOf(GET), [
    {
      type: 'head',
      method: 'GET',
      target: '/',
      isHttp10: false,
      fields: ['Host', 'a'],
      framing: { kind: 'none' },
      keepsAlive: true,
      expectsContinue: false,
      isWebSocketUpgrade: false,
    },
    { type: 'end', trailers: [] },
  ]);
});

test('finds requests that are pipelined, with and without bodies, in the order in which they were sent', () => {
  const events = eventsOf(GET + POST + CHUNKED + GET + POST);
  assert.deepEqual(
    events.map((event) => (event.type === 'head' ? event.target : event.type === 'data' ? event.text : 'end')),
    ['/', 'end', '/form', 'hello', 'end', '/stream', 'abcde', 'end', '/', 'end', '/form', 'hello', 'end'],
  );
});

test('finds nothing in a head that is not complete', () => {
  for (let length = 0; length < GET.length; length++) assert.deepEqual(parseEveryWay(GET.slice(0, length)), { events: [], error: undefined });
});

test('finds the events of all complete requests ahead of the one that is refused', () => {
  const found = parseEveryWay(`${GET}${POST}GET / HTTP/1.1\r\n\r\n`);
  assert.equal(found.error, 'HTTP_BAD_HOST');
  assert.deepEqual(found.events.map((event) => event.type), ['head', 'end', 'head', 'data', 'end']);
});

test('ignores empty lines ahead of a request line (RFC 9112 §2.2)', () => {
  for (const count of [1, 2, 3, 8]) {
    assert.equal(headOf('\r\n'.repeat(count) + GET).target, '/');
    assert.equal(eventsOf(`${POST}${'\r\n'.repeat(count)}${GET}`).length, 5);
  }
});

test('refuses more than eight empty lines, each time', () => {
  assert.equal(refusalOf('\r\n'.repeat(9) + GET), 'HTTP_BAD_REQUEST_LINE');
  assert.equal(parseEveryWay(`${POST}${'\r\n'.repeat(8)}${POST}${'\r\n'.repeat(9)}`).error, 'HTTP_BAD_REQUEST_LINE');
});

test('finds nothing in empty lines alone', () => {
  assert.deepEqual(parseEveryWay('\r\n\r\n\r\n'), { events: [], error: undefined });
});

test('refuses a line that is empty but for a bare CR or LF ahead of a request line', () => {
  assert.equal(refusalOf(`\n${GET}`), 'HTTP_BAD_METHOD');
  assert.equal(refusalOf(`\r\n\n${GET}`), 'HTTP_BAD_METHOD');
  assert.equal(refusalOf(`\r${GET}`), 'HTTP_BAD_METHOD');
  assert.equal(refusalOf(`\r\r\n${GET}`), 'HTTP_BAD_REQUEST_LINE');
});

test('refuses a first byte that begins no method before a line is complete', () => {
  const beginnings = {
    'an SSL 2 hello': '\x80\x2e\x01\x00\x02',
    'a space': ' ',
    'a NUL': '\0',
    'a brace': '{',
    'a byte over 127': '\xff',
  };
  for (const [name, text] of Object.entries(beginnings)) {
    assert.equal(refusalOf(text), 'HTTP_BAD_METHOD', name);
    assert.deepEqual(parsePieces([latin1Bytes(text.slice(0, 1))]), { events: [], error: 'HTTP_BAD_METHOD' }, name);
  }
});

test('tells a TLS handshake from other bytes that begin no method', () => {
  assert.equal(refusalOf('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), 'HTTP_TLS_ON_PLAIN_PORT');
});

test('refuses the preface of HTTP/2 by its version', () => {
  assert.equal(refusalOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'HTTP_UNSUPPORTED_VERSION');
});

test('parses a head of 16 KiB that comes byte by byte', () => {
  let head = 'GET / HTTP/1.1\r\nHost: a\r\n';
  const fieldsStart = 'GET / HTTP/1.1\r\n'.length;
  for (let i = 0; head.length - fieldsStart < 15 * 1024; i++) head += `X-Field-${i}: ${'v'.repeat(200)}\r\n`;
  head += `X-Last: ${'v'.repeat(LIMITS.maxHeadBytes - (head.length - fieldsStart) - 'X-Last: \r\n'.length)}\r\n`;
  assert.equal(head.length - fieldsStart, LIMITS.maxHeadBytes);
  const bytes = latin1Bytes(`${head}\r\n${NEXT_REQUEST}`);
  const whole = parsePieces([bytes]);
  assert.deepEqual(whole.events.map((event) => event.type), ['head', 'end', 'head', 'data', 'end']);
  assert.deepEqual(parsePieces([...bytes].map((byte) => Uint8Array.of(byte))), whole);
});

test('is not changed by empty pieces', () => {
  const nothing = new Uint8Array(0);
  const pieces = [...latin1Bytes(POST + CHUNKED)].flatMap((byte) => [nothing, Uint8Array.of(byte), nothing]);
  assert.deepEqual(parsePieces(pieces), parsePieces([latin1Bytes(POST + CHUNKED)]));
});

test('takes no more than the event it was asked for', () => {
  const parser = parserOf(POST + GET);
  assert.equal(next(parser).type, 'head');
  assert.equal(parser.bufferedBytes, 'hello'.length + GET.length);
  assert.equal(next(parser).type, 'data');
  assert.equal(parser.bufferedBytes, GET.length);
  assert.equal(next(parser).type, 'end');
  assert.equal(parser.bufferedBytes, GET.length);
});

test('leaves what stands behind an upgrade request to the protocol that takes over', () => {
  const request = 'GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
  const frame = '\x81\x85\x01\x02\x03\x04abcde';
  for (const pieces of [[request + frame], [request, frame], [...request, frame], [request + frame.slice(0, 3), frame.slice(3)]]) {
    const parser = new HttpParser(LIMITS);
    const events: HttpEvent['type'][] = [];
    for (const piece of pieces) {
      parser.push(latin1Bytes(piece));
      while (events.length < 2) {
        const event = parser.next();
        if (event === undefined) break;
        events.push(event.type);
      }
    }
    assert.deepEqual(events, ['head', 'end']);
    assert.equal(Buffer.from(parser.takeRest()).toString('latin1'), frame);
    assert.equal(parser.bufferedBytes, 0);
    assert.equal(parser.takeRest().length, 0);
  }
});

test('knows whether a message has begun and has not ended', () => {
  const parser = new HttpParser(LIMITS);
  assert.equal(parser.isInMessage, false);
  parser.push(latin1Bytes('\r\n'));
  assert.equal(parser.next(), undefined);
  assert.equal(parser.isInMessage, false, 'an empty line begins none');
  parser.push(latin1Bytes('P'));
  assert.equal(parser.next(), undefined);
  assert.equal(parser.isInMessage, true, 'in the head');
  parser.push(latin1Bytes(POST.slice(1, -1)));
  assert.equal(next(parser).type, 'head');
  assert.equal(next(parser).type, 'data');
  assert.equal(parser.isInMessage, true, 'in the body');
  parser.push(latin1Bytes('o'));
  assert.equal(next(parser).type, 'data');
  assert.equal(parser.isInMessage, true, 'ahead of its end');
  assert.equal(next(parser).type, 'end');
  assert.equal(parser.isInMessage, false);
});

test('is in a message until the end of one without a body was taken', () => {
  const parser = parserOf(GET);
  assert.equal(next(parser).type, 'head');
  assert.equal(parser.isInMessage, true);
  assert.equal(next(parser).type, 'end');
  assert.equal(parser.isInMessage, false);
});

test('knows how much of a body of known length is still to come', () => {
  const parser = parserOf(POST.slice(0, -2));
  assert.equal(parser.remainingBodyBytes, 0);
  assert.equal(next(parser).type, 'head');
  assert.equal(parser.remainingBodyBytes, 5);
  assert.equal(next(parser).type, 'data');
  assert.equal(parser.remainingBodyBytes, 2);
  parser.push(latin1Bytes('lo'));
  assert.equal(next(parser).type, 'data');
  assert.equal(parser.remainingBodyBytes, 0);
});

test('does not know how much of a chunked body is still to come', () => {
  const parser = parserOf(CHUNKED);
  assert.equal(next(parser).type, 'head');
  assert.equal(parser.remainingBodyBytes, undefined);
});

// The last head is remembered.

test('finds in a head that differs in one byte from the one before what a new parser finds', () => {
  const first = 'POST /a?b HTTP/1.1\r\nHost: a.example:80\r\nX-Some: value\r\nContent-Length: 3\r\n\r\n';
  for (let at = 0; at < first.length; at++) {
    for (const byte of ['x', '1', ' ', '\r', '\n', '\0', '\xff', ':']) {
      const second = `${first.slice(0, at)}${byte}${first.slice(at + 1)}`;
      const alone = parsePieces([latin1Bytes(`${second}abc`)]);
      // Behind one, it is told from its text; behind two that are the same, from its bytes.
      for (const times of [1, 2, 3]) {
        const behind = parsePieces([latin1Bytes(`${`${first}abc`.repeat(times)}${second}abc`)]);
        assert.deepEqual({ events: behind.events.slice(3 * times), error: behind.error }, alone, `${times} times, then ${JSON.stringify(second)}`);
      }
    }
  }
});

test('gives a head that comes again the framing and the body of its own', () => {
  const text = POST + GET + POST.replace('hello', 'world') + GET + GET;
  assert.deepEqual(eventsOf(text), [POST, GET, POST.replace('hello', 'world'), GET, GET].flatMap((each) => eventsOf(each)));
});
