/** What compression costs while nothing is sent: nothing of zlib without takeover, and with it no more than the windows. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateRawSync } from 'node:zlib';
import type { PerMessageDeflate } from 'longwire';
import { startChannelServer, type TakenChannel } from '../support/channels.js';
import { until } from '../support/deferred.js';
import { DeflateWebSocket } from '../support/deflate-web-socket.js';
import { clientFrame, handshake, text } from '../support/frames.js';

const COUNT = 2_000;
const MESSAGE = randomBytes(1500).toString('base64');

function memory(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A client that keeps nothing of what it gets, and only counts. */
class Sink {
  readonly socket: Socket;
  bytes = 0;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port });
    this.socket.on('data', (bytes) => (this.bytes += bytes.length));
    this.socket.write(handshake('/', 'Sec-WebSocket-Extensions: permessage-deflate\r\n'));
  }
}

async function openSinks(t: TestContext, port: number): Promise<Sink[]> {
  const sinks: Sink[] = [];
  t.after(() => sinks.forEach((sink) => sink.socket.destroy()));
  while (sinks.length < COUNT) {
    for (let i = 0; i < 100; i++) sinks.push(new Sink(port));
    await until(() => sinks.every((sink) => sink.bytes > 0), 'the handshakes');
  }
  return sinks;
}

/** How much more memory each of 2,000 WebSockets takes, in bytes, once it has sent and received compressed messages. */
async function bytesOfEach(t: TestContext, deflate: PerMessageDeflate): Promise<{ readonly bytes: number; readonly contextBytes: number }> {
  const server = await startChannelServer(t, { perMessageDeflate: deflate, pingIntervalMs: 0 });
  const sinks = await openSinks(t, server.port);
  const frame = clientFrame({ opcode: 1, rsv: 4, payload: deflateRawSync(MESSAGE) });
  const exchange = async (send: (taken: TakenChannel) => void, bytes: Uint8Array): Promise<void> => {
    const before = sinks.map((sink) => sink.bytes);
    for (const taken of server.taken) send(taken);
    for (const sink of sinks) sink.socket.write(bytes);
    await until(() => sinks.every((sink, i) => sink.bytes > before[i]!) && server.taken.every((taken) => taken.messages.length > 0), 'all messages');
    for (const taken of server.taken) taken.messages.length = 0;
  };
  // What every connection makes once is made by messages that are not compressed.
  await exchange(({ channel }) => channel.send('ready'), text('ready'));
  const before = memory();
  await exchange(({ channel }) => channel.send(MESSAGE), frame);
  const bytes = (memory() - before) / COUNT;
  assert.equal(server.server.stats().compression.webSockets, COUNT);
  return { bytes, contextBytes: server.server.stats().compression.contextBytes };
}

test('2,000 WebSockets without takeover keep nothing of the compressed messages that they sent and received', async (t) => {
  const { bytes, contextBytes } = await bytesOfEach(t, {});
  assert.equal(contextBytes, 0);
  // A zlib stream would be tens of thousands.
  assert.ok(bytes < 1000, `${Math.round(bytes)} bytes each`);
});

test('2,000 WebSockets with takeover keep the text that may be referred to, both ways, and little more', async (t) => {
  const { bytes, contextBytes } = await bytesOfEach(t, { contextTakeover: true });
  assert.equal(contextBytes, COUNT * 2 * MESSAGE.length);
  assert.ok(bytes < 2 * MESSAGE.length + 2000, `${Math.round(bytes)} bytes each, ${2 * MESSAGE.length} of them text`);
});

test('a window holds no more than its bits say, however much was sent and received', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: { contextTakeover: true, windowBits: 10 } });
  const client = await DeflateWebSocket.open(t, server.port, 'permessage-deflate; client_max_window_bits');
  const taken = await server.next();
  for (let i = 1; i <= 5; i++) {
    taken.channel.send(MESSAGE.repeat(i * i));
    assert.equal(await client.readText(), MESSAGE.repeat(i * i));
    await client.send(MESSAGE.repeat(i * i));
    await taken.received(i);
    assert.deepEqual(server.server.stats().compression, { webSockets: 1, contextBytes: 2 * 1024 });
  }
});
