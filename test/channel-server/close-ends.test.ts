/** Every way a channel can end, in every state: onClose once with who and why, and everything else closed at that very moment. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Channel, MemoryChannelStore, type ServerOptions } from 'longwire';
import { get, startChannelServer, type ChannelServer, type Closing, type TakenChannel } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { turns, until } from '../support/deferred.js';
import { clientFrame, close, handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';

interface State {
  readonly name: string;
  readonly bytes: string;
  /** Brings the channel into the state. */
  readonly enter: (channel: Channel) => void;
  /** What the client has seen then. */
  readonly seen: string;
}

const STATES = {
  pending: { name: 'pending', bytes: get(), enter: () => {}, seen: '' },
  streaming: { name: 'streaming', bytes: get(), enter: (channel) => void channel.send('begun', false), seen: 'begun\r\n' },
  finishing: { name: 'finishing', bytes: get(), enter: (channel) => void channel.send({ body: endless() }), seen: 'begun\r\n' },
  open: { name: 'open', bytes: handshake(), enter: () => {}, seen: '\r\n\r\n' },
  closing: { name: 'closing', bytes: handshake(), enter: (channel) => void channel.close(4000, 'ours'), seen: 'ours' },
} as const satisfies Record<string, State>;

async function* endless(): AsyncGenerator<string> {
  yield 'begun';
  await new Promise(() => {});
}

interface Scene {
  readonly server: ChannelServer;
  readonly clock: FakeClock;
  readonly client: RawClient;
  readonly taken: TakenChannel;
}

/** What was true at the moment the signal aborted. */
type AtAbort = { isOpen: boolean; members: number; openChannels: number } | undefined;

interface Ending {
  readonly name: string;
  readonly state: keyof typeof STATES;
  readonly end: (scene: Scene) => unknown;
  readonly closing: Partial<Closing>;
  /** Whether the client is gone, as far as the request's signal is concerned; not looked at where it is left out. */
  readonly aborts?: boolean;
  readonly options?: ServerOptions;
}

const fin = ({ client }: Scene): void => client.end();
const rst = ({ client }: Scene): void => client.reset();
const stop = ({ server }: Scene): void => void server.server.stop({ timeoutMs: 100 });
const stopNow = ({ server }: Scene): void => void server.server.stop({ timeoutMs: 0 });
const gone = { status: 'client-close', code: undefined, reason: '', clean: false } as const;
const lost = { status: 'abnormal', code: 1006, reason: '', by: 'network', clean: false } as const;
const done = { status: 'server-close', code: undefined, reason: '', by: 'server', clean: true } as const;
const ours = { status: 'unknown', code: 4000, reason: 'ours', by: 'server' } as const;

/** A client that reads nothing makes us wait for it. */
function stall({ client, taken }: Scene): void {
  client.socket.pause();
  const piece = new Uint8Array(256 * 1024);
  while (taken.channel.bufferedAmount < 600 * 1024) taken.channel.send(piece, false);
}

async function stallFor30s(scene: Scene): Promise<void> {
  stall(scene);
  await turns();
  scene.clock.advance(32_000);
}

function overflow(scene: Scene): void {
  stall(scene);
  while (scene.taken.channel.send(new Uint8Array(256 * 1024), false));
}

const ENDINGS: Ending[] = [
  { name: 'FIN', state: 'pending', end: fin, closing: { ...gone, by: 'client' }, aborts: true },
  { name: 'FIN', state: 'streaming', end: fin, closing: { ...gone, by: 'client' }, aborts: true },
  { name: 'FIN', state: 'finishing', end: fin, closing: { ...gone, by: 'client' }, aborts: true },
  { name: 'FIN', state: 'open', end: fin, closing: lost, aborts: true },
  { name: 'FIN', state: 'closing', end: fin, closing: { ...ours, clean: false } },
  { name: 'RST', state: 'pending', end: rst, closing: { ...gone, by: 'network' }, aborts: true },
  { name: 'RST', state: 'streaming', end: rst, closing: { ...gone, by: 'network' }, aborts: true },
  { name: 'RST', state: 'finishing', end: rst, closing: { ...gone, by: 'network' }, aborts: true },
  { name: 'RST', state: 'open', end: rst, closing: lost, aborts: true },
  { name: 'RST', state: 'closing', end: rst, closing: { ...ours, clean: false } },
  { name: 'our close', state: 'pending', end: ({ taken }) => taken.channel.close(), closing: done, aborts: false },
  { name: 'our close', state: 'streaming', end: ({ taken }) => taken.channel.close(), closing: done, aborts: false },
  { name: 'our last send', state: 'pending', end: ({ taken }) => taken.channel.send('end'), closing: done, aborts: false },
  { name: 'our last send', state: 'streaming', end: ({ taken }) => taken.channel.send('end'), closing: done, aborts: false },
  {
    name: 'our close, answered',
    state: 'open',
    end: async ({ client, taken }) => {
      taken.channel.close(4000, 'ours');
      await client.send(close(1000));
    },
    closing: { ...ours, clean: true },
  },
  { name: "the client's Close", state: 'open', end: ({ client }) => client.send(close(4001, 'theirs')), closing: { status: 'unknown', code: 4001, reason: 'theirs', by: 'client', clean: true }, aborts: true },
  { name: "the client's Close", state: 'closing', end: ({ client }) => client.send(close(4001, 'theirs')), closing: { ...ours, clean: true } },
  { name: 'a broken rule', state: 'open', end: ({ client }) => client.send(clientFrame({ opcode: 5 })), closing: { status: 'protocol-error', code: 1002, by: 'server', clean: false }, aborts: true },
  { name: 'silence', state: 'open', end: ({ clock }) => clock.advance(60_000), closing: { ...lost, by: 'timeout' }, aborts: true },
  { name: 'silence', state: 'closing', end: ({ clock }) => clock.advance(6_000), closing: { ...ours, clean: false } },
  { name: 'a client that takes nothing for 30 s', state: 'streaming', end: stallFor30s, closing: { by: 'timeout', clean: false }, aborts: true, options: { maxBufferedBytes: Infinity } },
  { name: 'a client that takes nothing for 30 s', state: 'open', end: stallFor30s, closing: { ...lost, by: 'timeout' }, aborts: true, options: { maxBufferedBytes: Infinity, pingIntervalMs: 0 } },
  { name: 'overflow', state: 'streaming', end: overflow, closing: { status: 'server-close', by: 'server', clean: false }, aborts: true },
  { name: 'overflow', state: 'open', end: overflow, closing: { status: 'try-again-later', code: 1013, by: 'server', clean: false } },
  { name: 'stop', state: 'pending', end: stop, closing: { ...done, by: 'shutdown' }, aborts: false },
  { name: 'stop', state: 'streaming', end: stop, closing: { ...done, by: 'shutdown' }, aborts: false },
  { name: 'the deadline of stop', state: 'finishing', end: stopNow, closing: { by: 'shutdown', clean: false } },
  { name: 'the deadline of stop', state: 'open', end: stopNow, closing: { status: 'going-away', code: 1001, by: 'shutdown', clean: false } },
  {
    name: 'stop, answered',
    state: 'open',
    end: async (scene) => {
      stop(scene);
      await scene.client.send(close(1001));
    },
    closing: { status: 'going-away', code: 1001, by: 'shutdown', clean: true },
  },
  { name: 'the deadline of stop', state: 'closing', end: stopNow, closing: { ...ours, clean: false } },
];

async function enter(t: TestContext, ending: Ending, store: MemoryChannelStore): Promise<Scene & { atAbort: () => AtAbort }> {
  const clock = new FakeClock();
  const state: State = STATES[ending.state];
  let atAbort: AtAbort;
  const server = await startChannelServer(t, ending.options, clock, {
    init: (channel) => {
      store.addToGroup('all', channel);
      channel.request.signal.addEventListener('abort', () => {
        atAbort = { isOpen: channel.isOpen, members: store.size('all'), openChannels: server.server.stats().channels.open };
      });
    },
  });
  const client = await RawClient.open(t, server.port);
  await client.send(state.bytes);
  const taken = await server.next();
  state.enter(taken.channel);
  if (state.seen !== '') await client.readUntil(state.seen);
  return { server, clock, client, taken, atAbort: () => atAbort };
}

for (const ending of ENDINGS) {
  test(`${ending.name} ends a channel that is ${ending.state}`, async (t) => {
    const store = new MemoryChannelStore();
    const scene = await enter(t, ending, store);
    const { taken } = scene;
    await ending.end(scene);
    const closing = await taken.closed();
    assert.deepEqual({ ...closing, ...ending.closing }, closing);
    assert.equal(taken.channel.isOpen, false);
    assert.equal(taken.channel.send('too late'), false);
    assert.equal(taken.channel.close(), false);
    assert.equal(store.size('all'), 0);
    assert.equal(scene.server.server.stats().channels.open, 0);
    assert.equal(scene.server.server.stats().webSockets.open, 0);
    if (ending.aborts !== undefined) assert.equal(taken.request.signal.aborted, ending.aborts);
    if (ending.aborts === true) assert.deepEqual(scene.atAbort(), { isOpen: false, members: 0, openChannels: 0 }, 'all of it at one moment');
    await scene.server.server.stop({ timeoutMs: 0 });
    await turns();
    assert.equal(taken.closings.length, 1, 'onClose fires once');
  });
}

test('a channel is closed the moment its end is known, though onClose waits for messages', async (t) => {
  const store = new MemoryChannelStore();
  const server = await startChannelServer(t, {}, undefined, { onReceive: () => new Promise(() => {}) });
  const client = await RawClient.open(t, server.port);
  await client.send(handshake());
  const taken = await server.next();
  store.addToGroup('all', taken.channel);
  await client.send(Buffer.concat([text('a'), text('b')]));
  await until(() => server.server.stats().messages.in === 2, 'two messages');
  client.reset();
  await until(() => taken.request.signal.aborted, 'the end');
  assert.equal(taken.channel.isOpen, false);
  assert.equal(store.size('all'), 0);
  assert.deepEqual(server.server.stats().webSockets, { open: 0, total: 1 });
  await turns();
  assert.deepEqual(taken.closings, []);
});

test('onClose that is set again after it was called is not called again', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get());
  const taken = await server.next();
  taken.channel.close();
  await taken.closed();
  let isCalledAgain = false;
  taken.channel.onClose(() => (isCalledAgain = true));
  await turns();
  assert.equal(isCalledAgain, false);
});
