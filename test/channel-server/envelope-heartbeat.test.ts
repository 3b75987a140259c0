/** The sign of life that a WebSocket under `longwire.v1` gets beside pings, which no page sees: an empty envelope. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ServerOptions } from 'longwire';
import { startChannelServer } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { turns } from '../support/deferred.js';
import { close } from '../support/frames.js';
import { RawWebSocket } from '../support/raw-web-socket.js';

/** Deadlines fire up to two ticks of 250 ms late. */
const LATE_MS = 500;

async function open(t: TestContext, options: ServerOptions = {}, protocol = 'longwire.v1') {
  const clock = new FakeClock();
  const server = await startChannelServer(t, { pingIntervalMs: 0, ...options }, clock, { protocols: ['longwire.v1', 'chat'] });
  const socket = await RawWebSocket.open(t, server.port, '/', `Sec-WebSocket-Protocol: ${protocol}\r\n`);
  return { clock, socket, taken: await server.next() };
}

/** The text messages that have arrived, when nothing is on its way any more. */
async function arrived(socket: RawWebSocket): Promise<string[]> {
  await turns(20);
  const texts: string[] = [];
  while (socket.client.received.length > 0) texts.push((await socket.readFrame()).payload.toString());
  return texts;
}

test('an empty envelope comes every 15 s, give or take a tenth', async (t) => {
  const { clock, socket } = await open(t);
  clock.advance(13_000);
  assert.deepEqual(await arrived(socket), []);
  clock.advance(3_500 + LATE_MS);
  assert.deepEqual(await arrived(socket), ['{}']);
  clock.advance(16_500 + LATE_MS);
  assert.deepEqual(await arrived(socket), ['{}']);
});

test('it comes between messages, too: who sends much is not known to hear', async (t) => {
  const { clock, socket, taken } = await open(t, { heartbeatIntervalMs: 1_000 });
  for (let i = 0; i < 4; i++) {
    taken.channel.send('hello');
    assert.deepEqual(await arrived(socket), ['{"data":"hello"}']);
    clock.advance(400);
  }
  assert.deepEqual(await arrived(socket), ['{}']);
});

for (const [what, options, protocol] of [['where heartbeats are off', { heartbeatIntervalMs: 0 }, 'longwire.v1'], ['under another subprotocol', {}, 'chat']] as const) {
  test(`none comes ${what}`, async (t) => {
    const { clock, socket } = await open(t, options, protocol);
    clock.advance(60_000);
    assert.deepEqual(await arrived(socket), []);
  });
}

test('none comes behind a Close', async (t) => {
  const { clock, socket, taken } = await open(t, { heartbeatIntervalMs: 1_000, closeTimeoutMs: 60_000 });
  taken.channel.close(1000);
  clock.advance(10_000);
  assert.equal((await socket.readClose()).code, 1000);
  assert.deepEqual(await arrived(socket), []);
  await socket.send(close(1000));
  await taken.closed();
});
