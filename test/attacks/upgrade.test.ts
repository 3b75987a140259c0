/** What follows a request for another protocol: frames behind a handshake that was taken, nothing behind one that was not, and never a request. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asChannel, type HandlerResult, type HttpRequest } from 'longwire';
import { readAnswers } from '../support/answer-text.js';
import { HONEST, SMUGGLED } from '../support/attacks.js';
import { handshake, parseServerFrames } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';

interface Server {
  readonly client: RawClient;
  /** The requests the handler was called with, and the messages its channels received. */
  readonly seen: string[];
}

/** A server whose handler takes the channel of `/channel`, and answers everything else with what `answer` gives. */
async function serve(t: TestContext, answer: (request: HttpRequest) => HandlerResult = () => 'served'): Promise<Server> {
  const seen: string[] = [];
  const { port, errors } = await startServer(t, (request) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.path !== '/channel') return answer(request);
    return asChannel(request, {
      onReceive: (_channel, message) => void seen.push(`message ${message.length}`),
      onOpen: (channel) => void (channel.isWebSocket || channel.send('polled')),
    });
  });
  t.after(() => assert.deepEqual(errors, []));
  return { client: await RawClient.open(t, port), seen };
}

const asText = 'GET /channel HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const VERSION = 'Sec-WebSocket-Version: 13\r\n';

test('takes a request behind a handshake for frames, which it is not, and closes with 1002', async (t) => {
  const { client, seen } = await serve(t);
  await client.send(handshake('/channel') + SMUGGLED);
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 101 /);
  const { frames, rest } = parseServerFrames(Buffer.from(await client.readToEnd(), 'latin1'));
  assert.deepEqual(frames.map(({ opcode, payload }) => [opcode, payload.readUInt16BE(0)]), [[8, 1002]]);
  assert.equal(rest.length, 0);
  assert.deepEqual(seen, ['GET /channel']);
});

test('takes a request that comes once the handshake is complete for frames', async (t) => {
  const { client, seen } = await serve(t);
  await client.send(handshake('/channel'));
  await client.readUntil('\r\n\r\n');
  await client.send(SMUGGLED);
  assert.equal((await client.readBytes(4)).readUInt16BE(2), 1002);
  await client.send(HONEST);
  client.end();
  await client.readToEnd();
  assert.deepEqual(seen, ['GET /channel']);
});

const REFUSED: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
  'whose version is unknown': [`${asText}Sec-WebSocket-Version: 777\r\n${KEY}\r\n`, 426],
  'without a version': [`${asText}${KEY}\r\n`, 426],
  'without a key': [`${asText}${VERSION}\r\n`, 400],
  'whose key is too short': [`${asText}${VERSION}Sec-WebSocket-Key: YQ==\r\n\r\n`, 400],
  'with two keys': [`${asText}${VERSION}${KEY}${KEY}\r\n`, 400],
  'whose Connection does not name Upgrade': [`${asText.replace('Connection: Upgrade', 'Connection: keep-alive')}${VERSION}${KEY}\r\n`, 400],
  'that is a POST': [`${asText.replace('GET', 'POST')}${VERSION}${KEY}\r\n`, 400],
  'with a body': [`${asText}${VERSION}${KEY}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`, 400],
  'with a body in chunks': [`${asText}${VERSION}${KEY}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
};

for (const [name, [bytes, status]] of Object.entries(REFUSED)) {
  test(`answers ${status} to a handshake ${name}, and serves no request behind it`, async (t) => {
    const { client, seen } = await serve(t);
    await client.send(bytes + SMUGGLED + HONEST);
    const answers = readAnswers((await client.readToEnd()).replace('Connection: close, Upgrade', 'Connection: close'), ['GET']);
    assert.deepEqual(answers.map((answer) => [answer.summary, answer.closes]), [[String(status), true]]);
    assert.equal(seen.length, 1);
  });
}

test('opens no WebSocket for HTTP/1.0, and closes behind the answer', async (t) => {
  const { client, seen } = await serve(t);
  await client.send(handshake('/channel').replace('HTTP/1.1', 'HTTP/1.0') + SMUGGLED);
  const [answer, ...more] = readAnswers(await client.readToEnd(), ['GET']);
  assert.deepEqual([answer?.summary, answer?.body, answer?.closes, more.length], ['200', 'polled', true, 0]);
  assert.deepEqual(seen, ['GET /channel']);
});

test('answers a poll in HTTP where h2c is asked for, and serves the request behind it', async (t) => {
  const { client, seen } = await serve(t);
  await client.send(`GET /channel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n${HONEST}`);
  const text = await client.readUntil('served');
  assert.deepEqual(readAnswers(text, ['GET', 'GET']).map(({ body }) => body), ['polled', 'served']);
  assert.deepEqual(seen, ['GET /channel', 'GET /honest']);
});

const TUNNELS: Readonly<Record<string, readonly [result: HandlerResult, status: number]>> = {
  'nothing': [undefined, 501],
  'a text': ['tunnel', 501],
  'a response without a status': [{ headers: { 'X-A': '1' } }, 501],
  'a status of 200, which has no body': [{ status: 200, body: 'tunnel' }, 200],
  'a status of 204': [{ status: 204 }, 204],
  'a status of 405': [{ status: 405, body: 'no' }, 405],
};

for (const [name, [result, status]] of Object.entries(TUNNELS)) {
  for (const [what, behind] of Object.entries({ 'a request': SMUGGLED, 'a TLS handshake': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' })) {
    test(`answers ${status} to a CONNECT that the handler answers with ${name}, and discards ${what} behind it`, async (t) => {
      const { client, seen } = await serve(t, () => result);
      await client.send(`CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n${behind}`);
      const text = await client.readToEnd();
      // A client takes what follows a 2xx for the tunnel: there must be nothing (RFC 9110 §9.3.6).
      if (status === 200) assert.match(text, /^HTTP\/1\.1 200 OK\r\n(?:(?!\r\n\r\n)[^])*\r\nConnection: close\r\n\r\n$/);
      else assert.deepEqual(readAnswers(text, ['CONNECT']).map((answer) => [answer.summary, answer.closes]), [[String(status), true]]);
      assert.deepEqual(seen, ['CONNECT a:443']);
    });
  }
}

test('tells the authority of the absolute form, whatever Host says', async (t) => {
  const { client } = await serve(t, (request) => `${request.authority} ${request.path}`);
  await client.send('GET http://evil:81/front HTTP/1.1\r\nHost: a\r\n\r\nGET //evil/front HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
  for (const body of ['evil:81 /front', 'a //evil/front', 'a *']) assert.equal((await client.readResponse()).body, body);
});
