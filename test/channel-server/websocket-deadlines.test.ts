/** The deadlines of a WebSocket, on a clock that the test moves: heartbeat, close handshake, a message that does not end. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asChannel, type Channel, type ChannelHandlers, type Message, type ServerOptions } from 'longwire';
import { startChannelServer, type TakenChannel } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { deferred, turns, until } from '../support/deferred.js';
import { clientFrame, close, ping, pong, text } from '../support/frames.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

/** Deadlines fire up to two ticks of 250 ms late. */
const LATE_MS = 500;

async function open(t: TestContext, options: ServerOptions = {}, handlers?: ChannelHandlers) {
  const clock = new FakeClock();
  const server = await startChannelServer(t, options, clock, handlers);
  const socket = await RawWebSocket.open(t, server.port);
  return { clock, server, socket, taken: await server.next() };
}

/** The frames that have arrived, by opcode, when nothing is on its way any more. */
async function arrived(socket: RawWebSocket): Promise<number[]> {
  await turns(20);
  const opcodes: number[] = [];
  while (socket.client.received.length > 0) opcodes.push((await socket.readFrame()).opcode);
  return opcodes;
}

async function assertTimedOut(taken: TakenChannel, socket: RawWebSocket): Promise<void> {
  assert.deepEqual(await taken.closed(), { status: 'abnormal', code: 1006, reason: '', by: 'timeout', clean: false });
  assert.equal(taken.channel.isOpen, false);
  assert.equal(taken.request.signal.aborted, true);
  await socket.client.readToEnd();
}

test('pings after 25 s of silence, give or take a tenth', async (t) => {
  const { clock, socket } = await open(t);
  clock.advance(22_000);
  assert.deepEqual(await arrived(socket), []);
  clock.advance(5_500 + LATE_MS);
  const frame = await socket.readFrame();
  assert.deepEqual([frame.opcode, frame.payload.length], [9, 0]);
  assert.deepEqual(await arrived(socket), [], 'one ping');
});

test('spreads its pings', async (t) => {
  const clock = new FakeClock();
  const server = await startChannelServer(t, {}, clock);
  for (let i = 0; i < 40; i++) await RawWebSocket.open(t, server.port);
  const counts = new Set<number>();
  clock.advance(22_000);
  for (let at = 0; at < 6_000 + LATE_MS; at += 250) {
    clock.advance(250);
    await turns(2);
    counts.add(server.server.stats().bytes.out);
  }
  assert.ok(counts.size > 5, `the pings of 40 sockets came at ${counts.size - 1} moments`);
});

test('no byte within 20 s of a ping closes as abnormal, by timeout', async (t) => {
  const { clock, socket, taken } = await open(t);
  clock.advance(27_500 + LATE_MS);
  assert.equal((await socket.readFrame()).opcode, 9);
  clock.advance(14_000);
  await turns();
  assert.equal(taken.channel.isOpen, true);
  clock.advance(6_000 + 2 * LATE_MS);
  await assertTimedOut(taken, socket);
});

const SIGNS_OF_LIFE: { readonly name: string; readonly bytes: Uint8Array }[] = [
  { name: 'its pong', bytes: pong() },
  { name: 'an unasked pong', bytes: pong('unasked') },
  { name: 'a message', bytes: text('alive') },
  { name: 'the first byte of a frame', bytes: text('alive').subarray(0, 1) },
  { name: 'a fragment without content', bytes: clientFrame({ fin: false, opcode: 1 }) },
];

for (const { name, bytes } of SIGNS_OF_LIFE) {
  test(`after a ping ${name} is life`, async (t) => {
    const { clock, server, socket, taken } = await open(t);
    clock.advance(27_500 + LATE_MS);
    assert.equal((await socket.readFrame()).opcode, 9);
    const before = server.server.stats().bytes.in;
    await socket.send(bytes);
    await until(() => server.server.stats().bytes.in > before, 'the bytes');
    clock.advance(20_000 + 2 * LATE_MS);
    await turns();
    assert.equal(taken.channel.isOpen, true);
    clock.advance(8_000);
    assert.equal((await socket.readFrame()).opcode, 9, 'the next ping');
  });
}

test('a client that speaks is not pinged', async (t) => {
  const { clock, socket, taken } = await open(t);
  for (let i = 1; i <= 6; i++) {
    clock.advance(20_000);
    await socket.send(text('alive'));
    await taken.received(i);
  }
  assert.deepEqual(await arrived(socket), []);
});

test('pingIntervalMs 0 turns the heartbeat off', async (t) => {
  const { clock, socket, taken } = await open(t, { pingIntervalMs: 0 });
  clock.advance(600_000);
  assert.deepEqual(await arrived(socket), []);
  assert.equal(taken.channel.isOpen, true);
});

test('while we have paused reading, the heartbeat stands still', async (t) => {
  const go = deferred();
  const handled: unknown[] = [];
  const { clock, server, socket, taken } = await open(t, { maxQueuedMessages: 2 }, {
    onReceive: async (_channel, message) => {
      await go.promise;
      handled.push(message);
    },
  });
  await socket.send(Buffer.concat([text('1'), text('2'), text('3')]));
  await until(() => server.server.stats().pauses > 0, 'the pause');
  clock.advance(300_000);
  await turns();
  assert.equal(taken.channel.isOpen, true);
  assert.deepEqual(await arrived(socket), []);
  go.resolve();
  await until(() => handled.length === 3, 'three messages');
  clock.advance(20_000);
  assert.deepEqual(await arrived(socket), [], 'the silence is counted from here');
  clock.advance(8_000);
  assert.equal((await socket.readFrame()).opcode, 9);
});

test('a message that is not complete within 60 s is answered with 1008', async (t) => {
  const { clock, server, socket, taken } = await open(t, { pingIntervalMs: 0 });
  await socket.send(Buffer.concat([clientFrame({ fin: false, opcode: 1, payload: 'begun' }), ping()]));
  assert.equal((await socket.readFrame()).opcode, 10);
  clock.advance(50_000);
  await socket.send(clientFrame({ fin: false, opcode: 0, payload: 'and on' }));
  await socket.send(ping('behind'));
  assert.equal((await socket.readFrame()).opcode, 10);
  assert.equal(taken.channel.isOpen, true);
  clock.advance(10_000 + LATE_MS);
  assert.equal((await socket.readClose()).code, 1008);
  const closing = await taken.closed();
  assert.equal(closing.status, 'policy-violation');
  assert.deepEqual(server.server.stats().errors, { WS_MESSAGE_TIMEOUT: 1 });
});

const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate\r\n';

for (const [name, begun] of [
  ['whose first fragment has come', clientFrame({ fin: false, opcode: 2, rsv: 4, payload: 'packed' })],
  ['of whose only frame a part has come', clientFrame({ opcode: 2, rsv: 4, payload: 'packed', announce: 100 })],
  ['of whose header a part has come', clientFrame({ opcode: 2, rsv: 4, payload: Buffer.alloc(200) }).subarray(0, 3)],
] as const) {
  test(`a compressed message ${name} has the same 60 s`, async (t) => {
    const clock = new FakeClock();
    const server = await startChannelServer(t, { pingIntervalMs: 0, perMessageDeflate: true }, clock);
    const socket = await RawWebSocket.open(t, server.port, '/', DEFLATE);
    assert.match(socket.head, /permessage-deflate/);
    const taken = await server.next();
    await socket.send(Buffer.concat([ping(), begun]));
    assert.equal((await socket.readFrame()).opcode, 10);
    clock.advance(59_000);
    await turns();
    assert.equal(taken.channel.isOpen, true);
    clock.advance(1_000 + LATE_MS);
    assert.equal((await socket.readClose()).code, 1008);
    assert.equal((await taken.closed()).status, 'policy-violation');
    assert.deepEqual(server.server.stats().errors, { WS_MESSAGE_TIMEOUT: 1 });
  });
}

test('the deadline of a message begins with it, not with the one before', async (t) => {
  const { clock, socket, taken } = await open(t, { pingIntervalMs: 0 });
  for (let i = 1; i <= 3; i++) {
    await socket.send(clientFrame({ fin: false, opcode: 1, payload: 'be' }));
    await socket.send(ping());
    await socket.readFrame();
    clock.advance(40_000);
    await socket.send(Buffer.concat([clientFrame({ opcode: 0, payload: 'gun' })]));
    assert.equal((await taken.received(i)).at(-1), 'begun');
  }
  assert.equal(taken.channel.isOpen, true);
});

test('a client that does not answer our Close is destroyed after 5 s', async (t) => {
  const { clock, server, socket, taken } = await open(t);
  taken.channel.close(4000, 'bye');
  assert.deepEqual(await socket.readClose(), { code: 4000, reason: 'bye' });
  clock.advance(4_000);
  await turns();
  assert.deepEqual(taken.closings, []);
  clock.advance(1_000 + LATE_MS);
  assert.deepEqual(await taken.closed(), { status: 'unknown', code: 4000, reason: 'bye', by: 'server', clean: false });
  await socket.client.readToEnd();
  await until(() => server.server.stats().connections.open === 0, 'the end of the connection');
});

test('messages instead of a Close do not prolong the 5 s', async (t) => {
  const { clock, server, socket, taken } = await open(t);
  taken.channel.close();
  await socket.readClose();
  for (let i = 0; i < 5; i++) {
    const before = server.server.stats().messages.in;
    await socket.send(text('still talking'));
    await until(() => server.server.stats().messages.in > before, 'the message');
    clock.advance(1_000 + LATE_MS / 4);
  }
  assert.equal((await taken.closed()).clean, false);
});

test('a client that answers our Close and keeps its side open is destroyed', async (t) => {
  const { clock, server, socket, taken } = await open(t);
  taken.channel.close();
  await socket.readClose();
  await socket.send(close(1000));
  assert.equal(await socket.client.readToEnd(), '');
  assert.equal((await taken.closed()).clean, true);
  clock.advance(5_000 + LATE_MS);
  await until(() => server.server.stats().connections.open === 0, 'the end of the connection');
});

test('a full queue that nobody takes from for 30 s ends the WebSocket with 1003', async (t) => {
  const clock = new FakeClock();
  let channel: Channel | undefined;
  const closings: unknown[] = [];
  const { port, server } = await startServer(
    t,
    (request) => void (channel = asChannel(request, { onClose: (_channel, status, detail) => closings.push({ status, ...detail }) })),
    { maxQueuedMessages: 2 },
    clock,
  );
  const socket = await RawWebSocket.open(t, port);
  await socket.send(Buffer.concat(['a', 'b', 'c'].map(text)));
  await until(() => server.stats().pauses === 1, 'the pause');
  clock.advance(29_000);
  assert.equal(channel!.isOpen, true);
  clock.advance(1_000 + LATE_MS);
  assert.equal(channel!.isOpen, false);
  assert.equal((await socket.readClose()).code, 1003);
  const messages: Message[] = [];
  channel!.onReceive((message) => void messages.push(message));
  await until(() => closings.length === 1, 'onClose');
  assert.deepEqual(messages, ['a', 'b'], 'what was held is handed over all the same');
  assert.deepEqual(closings, [{ status: 'unsupported', code: 1003, reason: 'nobody receives messages here', by: 'server', clean: false }]);
});

test('a full queue whose taker comes in time keeps its WebSocket', async (t) => {
  const clock = new FakeClock();
  let channel: Channel | undefined;
  const { port, server } = await startServer(t, (request) => void (channel = asChannel(request)), { maxQueuedMessages: 2, pingIntervalMs: 0 }, clock);
  const socket = await RawWebSocket.open(t, port);
  await socket.send(Buffer.concat(['a', 'b', 'c'].map(text)));
  await until(() => server.stats().pauses === 1, 'the pause');
  clock.advance(29_000);
  const messages: Message[] = [];
  channel!.onReceive((message) => void messages.push(message));
  await until(() => messages.length === 3, 'three messages');
  clock.advance(60_000);
  assert.equal(channel!.isOpen, true);
});
