/** Mistakes of a handler: each becomes a 500 that tells the client nothing, is told to onError, and costs no other request. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Handler, type HandlerResult, type HttpResponse, UsageError } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';

/** What TypeScript would refuse, as an application in JavaScript may return it. */
const wrong = (result: unknown): HandlerResult => result as HandlerResult;
const withHeaders = (headers: unknown): HandlerResult => wrong({ headers, body: 'x' });
const withStatus = (status: unknown): HandlerResult => wrong({ status, body: 'x' });
const withBody = (body: unknown): HandlerResult => wrong({ body });

const MISTAKES: Readonly<Record<string, readonly [make: () => HandlerResult, message: RegExp]>> = {
  'a header name with a space': [() => withHeaders({ 'X A': '1' }), /header name must be a token/],
  'an empty header name': [() => withHeaders({ '': '1' }), /header name must be a token/],
  'a header name with CR and LF': [() => withHeaders({ 'X-A\r\nX-B': '1' }), /header name must be a token/],
  'a header name beyond ASCII': [() => withHeaders({ 'X-Ä': '1' }), /header name must be a token/],
  'a header value with CR and LF': [() => withHeaders({ 'X-A': '1\r\nX-B: 2' }), /value of X-A/],
  'a header value with CR alone': [() => withHeaders({ 'X-A': '1\rX-B: 2' }), /value of X-A/],
  'a header value with LF alone': [() => withHeaders({ 'X-A': '1\nX-B: 2' }), /value of X-A/],
  'a header value with NUL': [() => withHeaders({ 'X-A': 'a\0b' }), /value of X-A/],
  'a header value with DEL': [() => withHeaders({ 'X-A': 'a\x7fb' }), /value of X-A/],
  'a header value beyond latin1': [() => withHeaders({ 'X-A': '日本' }), /value of X-A/],
  'a header value that ends in LF': [() => withHeaders({ 'X-A': '1\n' }), /value of X-A/],
  'a bad value among several': [() => withHeaders({ 'X-A': ['1', '2\r\n'] }), /value of X-A/],
  'a header value that is null': [() => withHeaders({ 'X-A': null }), /value of X-A must be a string or a number, not null/],
  'a header value that is an object': [() => withHeaders({ 'X-A': {} }), /value of X-A must be a string or a number/],
  'a header value of NaN in Content-Length': [() => withHeaders({ 'Content-Length': NaN }), /Content-Length/],
  'a negative Content-Length': [() => withHeaders({ 'Content-Length': -1 }), /Content-Length/],
  'two Content-Lengths': [() => withHeaders({ 'Content-Length': '1, 1' }), /Content-Length/],
  'Transfer-Encoding': [() => withHeaders({ 'transfer-encoding': 'chunked' }), /Transfer-Encoding/],
  'headers that are a string': [() => withHeaders('X-A: 1'), /headers must be/],
  'headers that are pairs of three': [() => withHeaders([['X-A', '1', '2']]), /pairs/],
  'status 0': [() => withStatus(0), /status/],
  'status 99': [() => withStatus(99), /status/],
  'status 100': [() => withStatus(100), /status/],
  'status 101': [() => withStatus(101), /status/],
  'status 199': [() => withStatus(199), /status/],
  'status 600': [() => withStatus(600), /status/],
  'status 200.5': [() => withStatus(200.5), /status/],
  "status '200'": [() => withStatus('200'), /status/],
  'status null': [() => withStatus(null), /status/],
  'status NaN': [() => withStatus(NaN), /status/],
  'a body that is a number': [() => withBody(42), /body is a string/],
  'a body that is an object': [() => withBody({ a: 1 }), /body is a string/],
  'a body that is a function': [() => withBody(() => 'x'), /body is a string/],
  'a body that is a promise': [() => withBody(Promise.resolve('x')), /body is a string/],
  'a body that is an ArrayBuffer': [() => withBody(new ArrayBuffer(4)), /body is a string/],
  'a body that is a Uint16Array': [() => withBody(new Uint16Array(4)), /body is a string/],
  'a result that is a number': [() => wrong(42), /a handler returns/],
  'a result that is true': [() => wrong(true), /a handler returns/],
  'a result that is bytes': [() => wrong(new Uint8Array(2)), /a handler returns/],
  'a result that is an array': [() => wrong(['a']), /a handler returns/],
  'a result that is a function': [() => wrong(() => 'x'), /a handler returns/],
};

/** The server answers 500, reports once, and serves the next request on the same connection or a new one. */
async function assertCostsOneRequest(t: Parameters<typeof startServer>[0], handler: Handler): Promise<unknown> {
  const { port, errors } = await startServer(t, (request) => (request.path === '/next' ? 'next' : handler(request)));
  const client = await RawClient.open(t, port);
  await client.send(request());
  const { head, body } = await client.readResponse();
  assert.ok(head.startsWith('HTTP/1.1 500 Internal Server Error\r\n'), head);
  assert.ok(head.includes('Content-Type: text/plain; charset=utf-8\r\n'), head);
  assert.equal(body, 'Internal Server Error');
  const another = await RawClient.open(t, port);
  await another.send(request('/next'));
  assert.equal((await another.readResponse()).body, 'next');
  assert.equal(errors.length, 1);
  return errors[0];
}

for (const [name, [make, message]] of Object.entries(MISTAKES)) {
  test(`answers 500 to ${name}, and reports a UsageError`, async (t) => {
    const error = await assertCostsOneRequest(t, make);
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, message);
  });
}

for (const [name, [make]] of Object.entries(MISTAKES).filter(([, [, message]]) => /value|status/.test(message.source))) {
  test(`answers 500 to ${name} ahead of a streamed body, which is let go of`, async (t) => {
    let isLetGo = false;
    const error = await assertCostsOneRequest(t, () => {
      const body = new ReadableStream<Uint8Array>({ cancel: () => void (isLetGo = true) });
      return { ...(make() as HttpResponse), body };
    });
    assert.ok(error instanceof UsageError, String(error));
    assert.ok(isLetGo);
  });
}

const THROWN = { 'an Error': new Error('secret'), 'a string': 'secret', null: null, undefined };

for (const [name, thrown] of Object.entries(THROWN)) {
  test(`answers 500 to a handler that throws ${name}, and reports it as it is`, async (t) => {
    const error = await assertCostsOneRequest(t, () => {
      throw thrown;
    });
    assert.equal(error, thrown);
  });

  test(`answers 500 to a handler that rejects with ${name}, and reports it as it is`, async (t) => {
    const error = await assertCostsOneRequest(t, () => Promise.reject(thrown));
    assert.equal(error, thrown);
  });
}

test('hands the request to onError beside the error', async (t) => {
  const seen: unknown[] = [];
  const { url } = await startServer(t, () => Promise.reject(new Error('why')), { onError: (error, request) => seen.push([String(error), request?.url]) });
  await fetch(`${url}/which?one`);
  assert.deepEqual(seen, [['Error: why', '/which?one']]);
});

test('lives on when onError throws, and warns of what it threw', async (t) => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const onError = (): never => {
    throw new Error('thrown by onError');
  };
  const { url } = await startServer(t, ({ path }) => (path === '/next' ? 'next' : Promise.reject(new Error('first'))), { onError });
  assert.equal((await fetch(url)).status, 500);
  assert.equal((await warned).message, 'thrown by onError');
  assert.equal(await (await fetch(`${url}/next`)).text(), 'next');
});

test('warns of an error where nobody listens for it', async (t) => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const { url } = await startServer(t, () => Promise.reject(new Error('unheard')), { onError: undefined });
  assert.equal((await fetch(url)).status, 500);
  assert.equal((await warned).message, 'unheard');
});
