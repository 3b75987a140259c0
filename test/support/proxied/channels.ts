/** Channels behind a proxy: streams piece by piece, event streams, WebSockets, and clients that leave. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { asEventStream, ProtocolError, type ServerOptions } from 'longwire';
import { WebSocket } from 'ws';
import { ask } from '../ask.js';
import { get, startChannelServer } from '../channels.js';
import { FakeClock } from '../clock.js';
import { close, ping, text } from '../frames.js';
import { RawClient } from '../raw-client.js';
import { RawWebSocket } from '../raw-web-socket.js';
import { post } from '../requests.js';
import { startServer } from '../server.js';
import { Gate, within } from '../signals.js';
import type { ProxiedCase, PutProxy } from './cases.js';

export const STREAMED: ProxiedCase = {
  name: 'passes each piece of a stream on before the next is sent',
  async run(t, front, options) {
    const channels = await startChannelServer(t, options);
    const client = await RawClient.open(t, await front(channels.port));
    await client.send(get());
    const { channel } = await channels.next();
    channel.send({ headers: { 'Content-Type': 'text/plain', 'X-Accel-Buffering': 'no' }, body: 'piece 0.' }, false);
    for (let i = 1; i < 10; i++) {
      await client.readUntil(`piece ${i - 1}.`);
      channel.send(`piece ${i}.`, false);
    }
    await client.readUntil('piece 9.');
    channel.close();
    await client.readUntil('0\r\n\r\n');
  },
};

export const EVENTS: ProxiedCase = {
  name: 'passes the head of an event stream, each event and each heartbeat on before anything else is sent',
  async run(t, front, options) {
    const clock = new FakeClock();
    const channels = await startChannelServer(t, options, clock, undefined, asEventStream);
    const client = await RawClient.open(t, await front(channels.port));
    await client.send(get('/', 'Last-Event-ID: 7\r\nAccept-Encoding: gzip\r\n'));
    assert.match(await client.readUntil('\r\n\r\n'), /\r\nContent-Type: text\/event-stream; charset=utf-8\r\n/i);
    const { channel } = await channels.next();
    assert.equal(channel.lastEventId, '7');
    for (let i = 0; i < 10; i++) {
      channel.send({ id: `${i}`, data: 'an event' });
      await client.readUntil(`id: ${i}\ndata: an event\n\n`);
    }
    clock.advance(17_000);
    await client.readUntil(':\n\n');
    channel.close();
    await client.readUntil('0\r\n\r\n');
  },
};

const WEB_SOCKETS: readonly ProxiedCase[] = [
  {
    name: 'carries a WebSocket of ws: messages up to 1 MiB both ways, pings both ways, and the close of the client',
    async run(t, front, options) {
      const channels = await startChannelServer(t, options, undefined, { onReceive: (channel, message) => void channel.send(message) });
      const socket = new WebSocket(`ws://127.0.0.1:${await front(channels.port)}/`, { perMessageDeflate: false });
      t.after(() => socket.terminate());
      await once(socket, 'open');
      for (const size of [0, 5, 70_000, 1024 * 1024]) {
        const message = Buffer.alloc(size).map((_, i) => i % 251);
        socket.send(message);
        const [echo] = (await once(socket, 'message')) as [Buffer];
        assert.ok(echo.equals(message), `${size} bytes`);
      }
      socket.ping('are you there?');
      assert.equal(String((await once(socket, 'pong'))[0]), 'are you there?');
      const taken = await channels.next();
      const pinged = once(socket, 'ping');
      taken.channel.ping('and you?');
      assert.equal(String((await pinged)[0]), 'and you?');
      socket.close(4001, 'enough');
      assert.equal((await once(socket, 'close'))[0], 4001);
      const { code, reason, by, clean } = await taken.closed();
      assert.deepEqual({ code, reason, by, clean }, { code: 4001, reason: 'enough', by: 'client', clean: true });
    },
  },
  {
    name: 'carries the close of the server, with code and reason',
    async run(t, front, options) {
      const channels = await startChannelServer(t, options);
      const socket = new WebSocket(`ws://127.0.0.1:${await front(channels.port)}/`);
      t.after(() => socket.terminate());
      await once(socket, 'open');
      const taken = await channels.next();
      taken.channel.send('last words');
      taken.channel.close(4002, 'over');
      const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
      assert.deepEqual([code, String(reason)], [4002, 'over']);
      assert.equal((await taken.closed()).clean, true);
    },
  },
  {
    name: 'carries raw frames, and nothing that the peers did not send',
    async run(t, front, options) {
      const channels = await startChannelServer(t, options, undefined, { onReceive: (channel, message) => void channel.send(message) });
      const client = await RawWebSocket.open(t, await front(channels.port));
      await client.send(Buffer.concat([text('one'), ping('two'), text('three')]));
      const frames = [await client.readFrame(), await client.readFrame(), await client.readFrame()].map(({ opcode, payload }) => [opcode, String(payload)]);
      // A pong may overtake messages, and nothing else may.
      assert.deepEqual(frames.filter(([opcode]) => opcode === 1), [[1, 'one'], [1, 'three']]);
      assert.deepEqual(frames.filter(([opcode]) => opcode !== 1), [[10, 'two']]);
      await client.send(close(1000, 'four'));
      assert.deepEqual(await client.readClose(), { code: 1000, reason: '' });
      assert.equal(await client.client.readToEnd(), '');
    },
  },
  {
    name: 'passes a refused handshake on, with its body, and keeps serving',
    async run(t, front, options) {
      const { port: upstreamPort } = await startServer(t, ({ isWebSocketUpgrade }) => (isWebSocketUpgrade ? { status: 403, body: 'not you' } : 'you'), options);
      const port = await front(upstreamPort);
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
      assert.equal(response.statusCode, 403);
      assert.equal(String(await buffer(response)), 'not you');
      assert.equal((await ask({ port })).body, 'you');
    },
  },
];

/** How a client can leave. */
const LEAVINGS = {
  'closes its connection': (client: RawClient) => client.end(),
  'resets its connection': (client: RawClient) => client.reset(),
};

const LEFT: readonly ProxiedCase[] = Object.entries(LEAVINGS).flatMap(([name, leave]) => [
  {
    name: `tells a long poll that its client ${name}, by onClose and signal`,
    async run(t: TestContext, front: PutProxy, options?: ServerOptions) {
      const channels = await startChannelServer(t, options);
      const client = await RawClient.open(t, await front(channels.port));
      await client.send(get());
      const taken = await channels.next();
      const { signal } = taken.request;
      leave(client);
      const { status } = await taken.closed();
      assert.deepEqual([status, signal.aborted], ['client-close', true]);
    },
  },
  {
    name: `tells a stream that its client ${name}`,
    async run(t: TestContext, front: PutProxy, options?: ServerOptions) {
      const channels = await startChannelServer(t, options);
      const client = await RawClient.open(t, await front(channels.port));
      await client.send(get());
      const taken = await channels.next();
      taken.channel.send({ headers: { 'X-Accel-Buffering': 'no' }, body: 'begun' }, false);
      await client.readUntil('begun');
      leave(client);
      assert.equal((await taken.closed()).status, 'client-close');
    },
  },
  {
    name: `tells the reader of a body that the client ${name} in its midst`,
    async run(t: TestContext, front: PutProxy, options?: ServerOptions) {
      const [begun, failed] = [new Gate(), new Gate<unknown>()];
      const { port } = await startServer(t, async ({ body }) => {
        try {
          for await (const _ of body) begun.open();
          failed.open('came to its end');
        } catch (error) {
          failed.open(error);
          throw error;
        }
      }, options);
      const client = await RawClient.open(t, await front(port));
      await client.send(post('/', 'first').replace('Content-Length: 5', 'Content-Length: 500'));
      await within(begun.opened, 'the first piece');
      leave(client);
      const error = await within(failed.opened, 'the end of the body');
      assert.ok(error instanceof ProtocolError, String(error));
      assert.equal(error.code, 'HTTP_CLIENT_LEFT');
    },
  },
  {
    name: `tells a WebSocket that its client ${name} without a Close`,
    async run(t: TestContext, front: PutProxy, options?: ServerOptions) {
      const channels = await startChannelServer(t, options);
      const { client } = await RawWebSocket.open(t, await front(channels.port));
      const taken = await channels.next();
      leave(client);
      const { status, clean } = await taken.closed();
      assert.deepEqual([status, clean], ['abnormal', false]);
    },
  },
]);

export const CHANNELS: readonly ProxiedCase[] = [STREAMED, EVENTS, ...WEB_SOCKETS, ...LEFT];
