/** The heartbeat of event streams, on a clock that the test moves: a comment that breaks a silence, and nothing else does. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asChannel, asEventStream, type ServerOptions } from 'longwire';
import { get, startChannelServer, type ChannelServer, type TakenChannel } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { turns, until } from '../support/deferred.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';

/** A heartbeat may come up to two ticks of 250 ms late. */
const LATE_MS = 500;
const BEAT = '3\r\n:\n\n\r\n';

interface Stream {
  readonly clock: FakeClock;
  readonly server: ChannelServer;
  readonly client: RawClient;
  readonly taken: TakenChannel;
}

async function open(t: TestContext, options: ServerOptions = {}, bytes = get(), as = asEventStream): Promise<Stream> {
  const clock = new FakeClock();
  const server = await startChannelServer(t, options, clock, undefined, as);
  const client = await RawClient.open(t, server.port);
  await client.send(bytes);
  const taken = await server.next();
  if (as === asChannel) taken.channel.send('', false);
  await client.readUntil('\r\n\r\n');
  return { clock, server, client, taken };
}

/** What has arrived when nothing is on its way any more. */
async function arrived({ client, server }: Stream): Promise<string> {
  const { socket } = client;
  await turns();
  await until(() => socket.bytesRead === server.server.stats().bytes.out, 'every byte');
  await turns(2);
  return client.received;
}

test('comes after 15 s of silence, give or take a tenth, and again after as long', async (t) => {
  const stream = await open(t);
  let now = 0;
  const arrivedAt = (ms: number): Promise<string> => {
    stream.clock.advance(ms - now);
    now = ms;
    return arrived(stream);
  };
  assert.equal(await arrivedAt(13_250), '');
  assert.equal(await arrivedAt(16_500 + LATE_MS), BEAT);
  assert.equal(await arrivedAt(2 * 13_250), BEAT);
  assert.equal(await arrivedAt(2 * (16_500 + LATE_MS)), BEAT + BEAT);
  assert.equal(stream.taken.channel.isOpen, true);
});

test('does not come while events do', async (t) => {
  const stream = await open(t);
  let expected = '';
  for (let i = 0; i < 10; i++) {
    stream.clock.advance(13_000);
    stream.taken.channel.send(`${i}`);
    expected += `9\r\ndata: ${i}\n\n\r\n`;
    assert.equal(await arrived(stream), expected);
  }
  stream.clock.advance(16_500 + LATE_MS);
  assert.equal(await arrived(stream), expected + BEAT);
});

test('does not count as a message, and asks for nothing of the client', async (t) => {
  const stream = await open(t);
  for (let i = 0; i < 40; i++) {
    stream.clock.advance(15_000);
    await arrived(stream);
  }
  const stats = stream.server.server.stats();
  assert.deepEqual([stats.messages.out, stats.eventStreams.open, stats.connections.open, stats.errors], [0, 1, 1, {}]);
});

test('is spread over the clients', async (t) => {
  const clock = new FakeClock();
  const server = await startChannelServer(t, {}, clock, undefined, asEventStream);
  for (let i = 0; i < 40; i++) {
    const client = await RawClient.open(t, server.port);
    await client.send(get());
    await client.readUntil('\r\n\r\n');
  }
  const counts = new Set<number>();
  clock.advance(13_250);
  for (let at = 0; at < 3_250 + LATE_MS; at += 250) {
    clock.advance(250);
    await turns(2);
    counts.add(server.server.stats().bytes.out);
  }
  assert.ok(counts.size > 5, `the heartbeats of 40 streams came at ${counts.size - 1} moments`);
});

test('comes in the interval that was asked for', async (t) => {
  const stream = await open(t, { heartbeatIntervalMs: 1_000 });
  stream.clock.advance(850);
  assert.equal(await arrived(stream), '');
  stream.clock.advance(750);
  assert.equal(await arrived(stream), BEAT);
});

for (const heartbeatIntervalMs of [0, Infinity]) {
  test(`with heartbeatIntervalMs ${heartbeatIntervalMs} there is none, and a silent stream stays open all the same`, async (t) => {
    const stream = await open(t, { heartbeatIntervalMs });
    stream.clock.advance(600_000);
    assert.equal(await arrived(stream), '');
    assert.equal(stream.taken.channel.isOpen, true);
  });
}

test('in HTTP/1.0 it is not in a chunk', async (t) => {
  const stream = await open(t, {}, 'GET / HTTP/1.0\r\n\r\n');
  stream.clock.advance(16_500 + LATE_MS);
  assert.equal(await arrived(stream), ':\n\n');
});

test('other streams have none, nor has a poll that waits', async (t) => {
  const stream = await open(t, {}, get(), asChannel);
  const poll = await RawClient.open(t, stream.server.port);
  await poll.send(get('/poll'));
  await stream.server.next();
  stream.clock.advance(60_000);
  assert.equal(await arrived(stream), '');
  assert.equal(poll.received, '');
});

test('ends with the stream: neither the next response nor an idle connection has any', async (t) => {
  const stream = await open(t);
  const { clock, client, server, taken } = stream;
  taken.channel.close();
  await client.readUntil('0\r\n\r\n');
  clock.advance(20_000);
  assert.equal(await arrived(stream), '');
  await client.send(request('/', '', { method: 'HEAD' }));
  await server.next();
  await client.readUntil('\r\n\r\n');
  clock.advance(20_000);
  assert.equal(await arrived(stream), '');
});

test('is not added to output that waits, and a client that takes none of it for 30 s is destroyed', async (t) => {
  const { clock, client, taken } = await open(t, { maxBufferedBytes: Infinity });
  const { channel } = taken;
  client.socket.pause();
  const piece = 'x'.repeat(128 * 1024);
  while (channel.bufferedAmount < 512 * 1024) channel.send(piece);
  await turns();
  const waiting = channel.bufferedAmount;
  clock.advance(28_000);
  await turns();
  assert.deepEqual([channel.isOpen, channel.bufferedAmount], [true, waiting]);
  clock.advance(4_000);
  assert.equal((await taken.closed()).by, 'timeout');
});
