/** Groups over real connections: one broadcast reaches a WebSocket, a stream and a waiting poll, and nobody's trouble stops the rest. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type ChannelStore, MemoryChannelStore, type ServerOptions, UsageError, type Channel } from 'longwire';
import { get, startChannelServer, type ChannelServer, type TakenChannel } from '../support/channels.js';
import { turns, until } from '../support/deferred.js';
import { handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';

interface Member {
  readonly client: RawClient;
  readonly taken: TakenChannel;
}

async function join(t: TestContext, server: ChannelServer, bytes: string, begin?: (channel: Channel) => void): Promise<Member> {
  const client = await RawClient.open(t, server.port);
  await client.send(bytes);
  const taken = await server.next();
  begin?.(taken.channel);
  if (begin !== undefined || bytes.includes('Upgrade')) await client.readUntil('\r\n\r\n');
  return { client, taken };
}

/** One member of each kind in the group `all`, in this order: a WebSocket, a stream, a poll. */
async function oneOfEach<A>(t: TestContext, options: ServerOptions = {}) {
  const server = await startChannelServer(t, options);
  const store: MemoryChannelStore<A> = new MemoryChannelStore<A>();
  const socket = await join(t, server, handshake());
  const stream = await join(t, server, get(), (channel) => channel.send('', false));
  const poll = await join(t, server, get());
  for (const { taken } of [socket, stream, poll]) store.addToGroup('all', taken.channel);
  return { server, store, socket, stream, poll };
}

const MESSAGES = [
  { name: 'text', message: 'grüße', frame: '\x81\x07', bytes: 'gr\xc3\xbc\xc3\x9fe' },
  { name: 'bytes', message: Uint8Array.of(1, 2, 255), frame: '\x82\x03', bytes: '\x01\x02\xff' },
];

for (const { name, message, frame, bytes } of MESSAGES) {
  test(`one broadcast of ${name} is a frame to a WebSocket, a chunk to a stream, the response to a poll`, async (t) => {
    const { server, store, socket, stream, poll } = await oneOfEach(t);
    assert.equal(store.broadcast('all', message), 3);
    assert.equal(await socket.client.readUntil(bytes), frame + bytes);
    assert.equal(await stream.client.readUntil(`${bytes}\r\n`), `${bytes.length}\r\n${bytes}\r\n`);
    const response = await poll.client.readResponse();
    assert.match(response.head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(response.body, bytes);
    assert.deepEqual([socket, stream, poll].map(({ taken }) => taken.channel.isOpen), [true, true, false]);
    assert.equal(store.size('all'), 2, 'the poll has left by itself');
    assert.equal(store.broadcast('all', 'again'), 2);
    await socket.client.readUntil('again');
    await stream.client.readUntil('again\r\n');
    await poll.client.send(get());
    const next = await server.next();
    assert.notEqual(next.channel, poll.taken.channel);
    next.channel.send('its own');
    assert.equal((await poll.client.readResponse()).body, 'its own', 'no later broadcast came between');
  });
}

test('of a response that is broadcast the status and headers reach the poll, the body everybody', async (t) => {
  const { store, socket, stream, poll } = await oneOfEach(t);
  assert.equal(store.broadcast('all', { status: 202, headers: { 'X-A': 'b' }, body: 'body' }), 3);
  assert.equal(await socket.client.readUntil('body'), '\x81\x04body');
  assert.equal(await stream.client.readUntil('body\r\n'), '4\r\nbody\r\n');
  const { head, body } = await poll.client.readResponse();
  assert.match(head, /^HTTP\/1\.1 202 Accepted\r\nX-A: b\r\n/);
  assert.equal(body, 'body');
});

test('except leaves one member out', async (t) => {
  const { store, socket, stream } = await oneOfEach(t);
  assert.equal(store.broadcast('all', 'not you', { except: socket.taken.channel }), 2);
  await stream.client.readUntil('not you\r\n');
  assert.equal(store.broadcast('all', 'you too'), 2);
  assert.equal(await socket.client.readUntil('too'), '\x81\x07you too');
});

test('the function form makes each member its own message from its attachment, or none', async (t) => {
  const { store, socket, stream, poll } = await oneOfEach<number>(t);
  store.addToGroup('all', socket.taken.channel, 1);
  store.addToGroup('all', stream.taken.channel, 2);
  assert.equal(store.broadcast('all', (_channel, attachment) => (attachment === undefined ? undefined : `for ${attachment}`)), 2);
  assert.equal(await socket.client.readUntil('for 1'), '\x81\x05for 1');
  assert.equal(await stream.client.readUntil('for 2\r\n'), '5\r\nfor 2\r\n');
  assert.equal(poll.taken.channel.isOpen, true, 'undefined sends nothing');
  assert.equal(store.broadcast('all', (channel) => ({ status: 203, body: String(channel.isWebSocket) })), 3);
  assert.match((await poll.client.readResponse()).head, /^HTTP\/1\.1 203 /);
});

test('a function that throws for one member is reported, and the others are reached', async (t) => {
  const { server, store, socket, stream, poll } = await oneOfEach(t);
  const message = (channel: Channel): string => {
    if (channel === socket.taken.channel) throw new Error('not for this one');
    return 'for the others';
  };
  assert.equal(store.broadcast('all', message), 2);
  await stream.client.readUntil('for the others');
  assert.equal((await poll.client.readResponse()).body, 'for the others');
  assert.deepEqual(server.errors.map((error) => (error as Error).message), ['not for this one']);
  assert.equal(socket.taken.channel.isOpen, true);
});

test('a member that cannot take the message is reported, and the others are reached', async (t) => {
  const server = await startChannelServer(t);
  const store: ChannelStore<void> = new MemoryChannelStore<void>();
  // Its Content-Length leaves no room for the message.
  const short = await join(t, server, get(), (channel) => channel.send({ headers: { 'Content-Length': 3 } }, false));
  const socket = await join(t, server, handshake());
  for (const { taken } of [short, socket]) store.addToGroup('all', taken.channel);
  assert.equal(store.broadcast('all', 'too long for one'), 1);
  await socket.client.readUntil('too long for one');
  assert.equal(server.errors.length, 1);
  assert.ok(server.errors[0] instanceof UsageError);
});

test('members that have gone are no members any more, and are not counted', async (t) => {
  const { store, socket, stream, poll } = await oneOfEach(t);
  socket.client.reset();
  await socket.taken.closed();
  poll.client.end();
  await poll.taken.closed();
  assert.equal(store.size('all'), 1);
  assert.deepEqual(store.members('all'), [stream.taken.channel]);
  assert.equal(store.broadcast('all', 'who is left'), 1);
  await stream.client.readUntil('who is left');
  store.addToGroup('all', socket.taken.channel);
  assert.equal(store.size('all'), 1, 'a closed channel is not added');
  stream.taken.channel.close();
  assert.deepEqual(store.groups(), []);
  assert.equal(store.broadcast('all', 'nobody'), 0);
});

test('a member that closes another while it is broadcast stops nobody', async (t) => {
  const { store, socket, stream, poll } = await oneOfEach(t);
  const sent = store.broadcast('all', (channel) => {
    if (channel === socket.taken.channel) stream.taken.channel.close();
    return 'message';
  });
  assert.equal(sent, 2);
  assert.equal((await poll.client.readResponse()).body, 'message');
  await socket.client.readUntil('message');
  assert.equal(await stream.client.readUntil('0\r\n\r\n'), '0\r\n\r\n');
});

for (const onOverflow of ['close', 'drop'] as const) {
  test(`a member that reads nothing costs the others nothing (onOverflow ${onOverflow})`, async (t) => {
    const { server, store, socket, stream, poll } = await oneOfEach(t, { onOverflow });
    store.removeFromGroup('all', poll.taken.channel);
    stream.client.socket.pause();
    const piece = 'x'.repeat(100_000);
    let rounds = 0;
    for (let sent = 2; sent === 2; rounds++) {
      assert.ok(rounds < 1_000, 'the stalled member never answered false');
      sent = store.broadcast('all', piece);
      await socket.client.readBytes(piece.length + 10);
    }
    assert.equal(stream.taken.channel.isOpen, onOverflow === 'drop');
    assert.equal(store.size('all'), onOverflow === 'drop' ? 2 : 1);
    assert.equal(store.broadcast('all', 'to the healthy one'), 1);
    await socket.client.readUntil('to the healthy one');
    assert.ok(server.server.stats().bytes.buffered < 2 * 1024 * 1024);
    await turns();
    assert.equal(poll.taken.channel.isOpen, true);
  });
}

test('a channel may be in many groups, and leaves all of them when it closes', async (t) => {
  const { store, socket } = await oneOfEach(t);
  store.addToGroup('other', socket.taken.channel);
  assert.equal(store.broadcast('other', 'once'), 1);
  store.removeFromGroup('all', socket.taken.channel);
  assert.equal(store.broadcast('all', 'not to it'), 2);
  assert.equal(store.broadcast('other', 'still here'), 1);
  assert.equal(await socket.client.readUntil('still here'), '\x81\x04once\x81\x0astill here');
  socket.client.end();
  await until(() => store.size('other') === 0, 'the end of the group');
  assert.deepEqual(store.groups(), ['all']);
});

test('a group takes channels of this server alone, and text or bytes', () => {
  const store = new MemoryChannelStore();
  assert.throws(() => store.addToGroup('all', {} as Channel), UsageError);
  assert.equal(store.broadcast('nobody', 'message'), 0);
});
