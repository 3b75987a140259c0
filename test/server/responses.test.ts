/** What a handler may return, and what the client then receives: every kind of result and of body, and its framing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Body, HandlerResult } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';

const LARGE = new Uint8Array(3_000_000).map((_, i) => i * 7);

function* textThenBytes(): Generator<string | Uint8Array> {
  yield 'grün';
  yield '';
  yield Uint8Array.of(0, 255, 128);
}

async function* later(): AsyncGenerator<string> {
  yield 'one ';
  await new Promise((resolve) => setImmediate(resolve));
  yield 'two';
}

const stream = (...chunks: Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

interface BodyCase {
  readonly name: string;
  readonly body: () => Body;
  readonly bytes: Uint8Array;
  /** `undefined`: the length is not known ahead, so the body is chunked. */
  readonly contentLength: string | undefined;
  readonly contentType?: string;
}

const HTML = 'text/html; charset=utf-8';
const utf8 = (text: string): Buffer => Buffer.from(text);

const BODIES: readonly BodyCase[] = [
  { name: 'text', body: () => 'hello', bytes: utf8('hello'), contentLength: '5', contentType: HTML },
  { name: 'text beyond ASCII, as UTF-8', body: () => 'grün 日本 🚀', bytes: utf8('grün 日本 🚀'), contentLength: '17', contentType: HTML },
  { name: 'text of 400 KB beyond ASCII', body: () => 'ü'.repeat(200_000), bytes: utf8('ü'.repeat(200_000)), contentLength: '400000', contentType: HTML },
  { name: 'empty text', body: () => '', bytes: utf8(''), contentLength: '0', contentType: HTML },
  { name: 'few bytes', body: () => Uint8Array.of(1, 2, 255), bytes: Uint8Array.of(1, 2, 255), contentLength: '3' },
  { name: 'a Buffer that is a part of a larger one', body: () => Buffer.from('abcdef').subarray(2, 4), bytes: utf8('cd'), contentLength: '2' },
  { name: 'bytes of 3 MB', body: () => LARGE, bytes: LARGE, contentLength: '3000000' },
  { name: 'no bytes', body: () => new Uint8Array(0), bytes: utf8(''), contentLength: '0' },
  { name: 'null', body: () => null, bytes: utf8(''), contentLength: '0' },
  { name: 'an array', body: () => ['a', utf8('b'), 'c'], bytes: utf8('abc'), contentLength: undefined },
  { name: 'an empty array', body: () => [], bytes: utf8(''), contentLength: undefined },
  { name: 'a generator', body: () => textThenBytes(), bytes: Buffer.concat([utf8('grün'), Uint8Array.of(0, 255, 128)]), contentLength: undefined },
  { name: 'an asynchronous generator', body: () => later(), bytes: utf8('one two'), contentLength: undefined },
  { name: 'a generator of large bytes', body: () => [LARGE, LARGE], bytes: Buffer.concat([LARGE, LARGE]), contentLength: undefined },
  { name: 'a ReadableStream', body: () => stream(utf8('x'), LARGE), bytes: Buffer.concat([utf8('x'), LARGE]), contentLength: undefined },
  { name: 'the body of a Response', body: () => new Response('fetched').body, bytes: utf8('fetched'), contentLength: undefined },
];

for (const { name, body, bytes, contentLength, contentType } of BODIES) {
  for (const isAsync of [false, true]) {
    test(`sends a body that is ${name}, returned by ${isAsync ? 'an asynchronous' : 'a'} handler`, async (t) => {
      const { url, errors } = await startServer(t, isAsync ? async () => ({ body: body() }) : () => ({ body: body() }));
      const response = await fetch(url);
      assert.equal(response.status, 200);
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes));
      assert.equal(response.headers.get('content-length'), contentLength ?? null);
      assert.equal(response.headers.get('transfer-encoding'), contentLength === undefined ? 'chunked' : null);
      assert.equal(response.headers.get('content-type'), contentType ?? null);
      assert.deepEqual(errors, []);
    });
  }
}

interface ResultCase {
  readonly name: string;
  readonly result: () => HandlerResult;
  readonly status: number;
  readonly text: string;
}

const RESULTS: readonly ResultCase[] = [
  { name: 'a string is the body of a 200', result: () => 'plain', status: 200, text: 'plain' },
  { name: 'an empty string is an empty 200', result: () => '', status: 200, text: '' },
  { name: 'undefined is a 404', result: () => undefined, status: 404, text: 'Not Found' },
  { name: 'null is a 404', result: () => null, status: 404, text: 'Not Found' },
  { name: 'an empty response is an empty 200', result: () => ({}), status: 200, text: '' },
  { name: 'a response may have a status alone', result: () => ({ status: 418 }), status: 418, text: '' },
  { name: 'a response may have any status from 200', result: () => ({ status: 200, body: 'lowest' }), status: 200, text: 'lowest' },
  { name: 'a response may have any status to 599', result: () => ({ status: 599, body: 'highest' }), status: 599, text: 'highest' },
  { name: 'the Response of fetch is a response', result: () => new Response('made', { status: 201 }) as HandlerResult, status: 201, text: 'made' },
];

for (const { name, result, status, text } of RESULTS) {
  for (const isAsync of [false, true]) {
    test(`${name}, from ${isAsync ? 'an asynchronous' : 'a'} handler`, async (t) => {
      const { url, errors } = await startServer(t, isAsync ? async () => result() : () => result());
      const response = await fetch(url);
      assert.deepEqual({ status: response.status, text: await response.text() }, { status, text });
      assert.deepEqual(errors, []);
    });
  }
}

test('a 404 for nothing is plain text', async (t) => {
  const { url } = await startServer(t, () => undefined);
  assert.equal((await fetch(url)).headers.get('content-type'), 'text/plain; charset=utf-8');
});

test('keeps the Content-Type, Date and Server that the application sets, in place of its own', async (t) => {
  const headers = { 'content-type': 'text/plain', date: 'Thu, 01 Jan 1970 00:00:00 GMT', server: 'mine' };
  const { port } = await startServer(t, () => ({ headers, body: 'x' }), { serverHeader: 'theirs' });
  const client = await RawClient.open(t, port);
  await client.send(request());
  const { head } = await client.readResponse();
  assert.equal(head, 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: mine\r\nContent-Length: 1\r\n\r\n');
});

test('sends header fields in the order and spelling they were given, an array as one line each, and omits undefined ones', async (t) => {
  const headers = { 'X-B': 1, 'Set-Cookie': ['a=1', 'b=2'], 'x-a': 'last', 'X-None': undefined };
  const { port } = await startServer(t, () => ({ headers, body: 'x' }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  const { head } = await client.readResponse();
  assert.ok(head.startsWith('HTTP/1.1 200 OK\r\nX-B: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nx-a: last\r\nContent-Type:'), head);
  assert.ok(!head.includes('X-None'), head);
});

const HEADER_FORMS = {
  'an object': { 'X-A': '1' },
  'a Headers': new Headers({ 'X-A': '1' }),
  'a Map': new Map([['X-A', '1']]),
  'an array of pairs': [['X-A', '1']] as const,
};

for (const [form, headers] of Object.entries(HEADER_FORMS)) {
  test(`takes header fields as ${form}`, async (t) => {
    const { url } = await startServer(t, () => ({ headers, body: 'x' }));
    assert.equal((await fetch(url)).headers.get('x-a'), '1');
  });
}

test('sends a value beyond ASCII as latin1', async (t) => {
  const { port } = await startServer(t, () => ({ headers: { 'X-Name': 'Jürgen' } }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  assert.ok((await client.readResponse()).head.includes('X-Name: J\xfcrgen\r\n'));
});

test('calls no text by a type where none of it is sent (RFC 9110 §15.4.5)', async (t) => {
  const { port } = await startServer(t, ({ path }) => ({ status: Number(path.slice(1)), body: 'not sent' }));
  const client = await RawClient.open(t, port);
  for (const status of [204, 205, 304]) {
    await client.send(request(`/${status}`));
    assert.ok(!(await client.readResponse()).head.includes('Content-Type'), String(status));
  }
});

test('sends the date in every response, and no Server unless it was asked for', async (t) => {
  const { url } = await startServer(t, () => 'x');
  const { headers } = await fetch(url);
  assert.match(headers.get('date') ?? '', /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/);
  assert.ok(Math.abs(Date.parse(headers.get('date')!) - Date.now()) < 60_000);
  assert.equal(headers.get('server'), null);
});

test('sends the Server that was asked for, in errors as well', async (t) => {
  const { port } = await startServer(t, () => 'x', { serverHeader: 'longwire' });
  const client = await RawClient.open(t, port);
  await client.send(`${request()}bad\r\n\r\n`);
  assert.ok((await client.readResponse()).head.includes('Server: longwire\r\n'));
  const error = await client.readToEnd();
  assert.ok(error.startsWith('HTTP/1.1 400 Bad Request\r\n') && error.includes('Server: longwire\r\n'), error);
});
