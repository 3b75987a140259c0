/** A client that asks for more than it waits for, or than it reads: answered in order, held in bounds, and given up when it takes nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel, type Handler } from 'longwire';
import { turns } from '../support/deferred.js';
import { FakeClock } from '../support/clock.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { atRest, Gate, until } from '../support/signals.js';

const KIB = 1024;

for (const size of ['small', 'large'] as const) {
  test(`answers 1,000 ${size} requests pipelined behind a slow one in order, and holds no more of them meanwhile than it may`, async (t) => {
    const gate = new Gate();
    const { server, port } = await startServer(t, async ({ path }) => {
      if (path === '/slow') await gate.opened;
      return path;
    });
    const client = await RawClient.open(t, port);
    const padding = size === 'large' ? `X-Padding: ${'x'.repeat(500)}\r\n` : '';
    const paths = ['/slow', ...Array.from({ length: 1_000 }, (_, i) => `/${i}`)];
    const bytes = paths.map((path) => request(path, padding)).join('');
    void client.send(bytes);
    const arrived = await atRest(() => server.stats().bytes.in);
    // One read of 64 KiB more than is held tells that it is too much.
    assert.ok(arrived <= 128 * KIB, `${arrived} bytes were read`);
    assert.deepEqual([server.stats().requests, server.stats().pauses > 0, arrived < bytes.length], [1, size === 'large', size === 'large']);
    gate.open();
    for (const path of paths) assert.equal((await client.readResponse()).body, path);
    assert.equal(server.stats().requests, 1_001);
  });
}

const PIECE = new Uint8Array(64 * KIB);

function* endless(): Generator<Uint8Array> {
  for (;;) yield PIECE;
}

/** What is asked for, and how much of it may wait for a client that takes none: the soft mark, and what had been handed over before it. */
const ANSWERS: Readonly<Record<string, { readonly handler: Handler; readonly mayWait: number }>> = {
  'whole responses': { handler: () => ({ body: PIECE }), mayWait: 64 * KIB + 2 * (PIECE.length + KIB) },
  'streamed responses': { handler: () => ({ body: endless() }), mayWait: 64 * KIB + 2 * (PIECE.length + KIB) },
  'a channel that sends while it may': {
    handler: (incoming) => {
      const fill = (channel: ReturnType<typeof asChannel>): void => {
        while (channel.bufferedAmount < 512 * KIB && channel.send(PIECE, false));
      };
      return asChannel(incoming, { onOpen: fill, onDrain: fill });
    },
    mayWait: 512 * KIB + 2 * PIECE.length,
  },
};

for (const [what, { handler, mayWait }] of Object.entries(ANSWERS)) {
  for (const [how, fields, count] of [['pipelines 500 requests', '', 500], ['sends one request', 'Connection: close\r\n', 1]] as const) {
    // One small response leaves no room to wait in.
    if (count === 1 && what === 'whole responses') continue;
    test(`a client that ${how} and reads nothing of ${what} makes little wait, and is destroyed when it takes nothing for 30 s`, async (t) => {
      const clock = new FakeClock();
      const { server, port, errors } = await startServer(t, handler, {}, clock);
      const client = await RawClient.open(t, port);
      client.socket.pause();
      await client.send(request('/', fields).repeat(count));
      await until(() => server.stats().requests > 0, 'the first request');
      const out = await atRest(() => server.stats().bytes.out);
      const { bytes, requests } = server.stats();
      assert.ok(bytes.buffered <= mayWait, `${bytes.buffered} bytes wait`);
      assert.ok(requests < 500, `${requests} requests were taken`);
      assert.ok(bytes.buffered > 0, 'nothing waits');
      clock.advance(29_000);
      await turns();
      assert.equal(server.stats().connections.open, 1);
      clock.advance(3_000);
      await until(() => server.stats().connections.open === 0, 'the end of the connection');
      assert.ok(server.stats().bytes.out <= out + mayWait);
      assert.deepEqual([server.stats().bytes.buffered, server.stats().channels.open, errors], [0, 0, []]);
    });
  }
}
