/** A client that leaves: FIN behind a whole request waits for its answer, FIN inside one does not, and RST never does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { asChannel, ProtocolError, withChannel } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { chunk, post, postChunked, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { Gate, until, within } from '../support/signals.js';

for (const kind of ['plain', 'asynchronous'] as const) {
  test(`answers a client that sent FIN behind its request, whole and with Connection: close, from ${kind} handler`, async (t) => {
    const hasCome = new Gate();
    const { port, errors } = await startServer(t, (incoming) => {
      if (kind === 'plain') return 'x'.repeat(500_000);
      hasCome.open();
      return delay(20).then(() => `${'x'.repeat(500_000 - 1)}${incoming.signal.aborted ? '!' : 'x'}`);
    });
    const client = await RawClient.open(t, port);
    if (kind === 'plain') {
      client.socket.end(request());
    } else {
      await client.send(request());
      await hasCome.opened;
      client.end();
    }
    const all = await client.readToEnd();
    if (kind === 'asynchronous') assert.ok(all.includes('\r\nConnection: close\r\n'));
    assert.ok(all.endsWith(`\r\n\r\n${'x'.repeat(500_000)}`));
    assert.deepEqual(errors, []);
  });
}

test('answers every pipelined request of a client that sent FIN behind the last', async (t) => {
  const { port } = await startServer(t, ({ path }) => delay(1, path));
  const client = await RawClient.open(t, port);
  client.socket.end(Array.from({ length: 20 }, (_, i) => request(`/${i}`)).join(''));
  for (let i = 0; i < 20; i++) {
    const { head, body } = await client.readResponse();
    assert.equal(body, `/${i}`);
    if (i === 19) assert.ok(head.includes('\r\nConnection: close\r\n'), head);
  }
  assert.equal(await client.readToEnd(), '');
});

test('hands a body over that came whole before FIN', async (t) => {
  const { port } = await startServer(t, async (incoming) => {
    await delay(20);
    return incoming.text();
  });
  const client = await RawClient.open(t, port);
  client.socket.end(post('/', 'all of it'));
  assert.ok((await client.readToEnd()).endsWith('\r\n\r\nall of it'));
});

const CUT_HEADS = { 'the request line': 'GET /', 'a field': 'GET / HTTP/1.1\r\nHost: loc', 'the empty line': 'GET / HTTP/1.1\r\nHost: localhost\r\n\r' };

for (const [where, bytes] of Object.entries(CUT_HEADS)) {
  test(`answers nothing to FIN inside ${where}`, async (t) => {
    const { port } = await startServer(t, () => assert.fail('no request was complete'));
    const client = await RawClient.open(t, port);
    client.socket.end(bytes);
    assert.equal(await client.readToEnd(), '');
    await client.closed();
  });
}

test('ends a connection that sent FIN without a byte', async (t) => {
  const { port, server } = await startServer(t, () => 'x');
  const client = await RawClient.open(t, port);
  client.end();
  assert.equal(await client.readToEnd(), '');
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
});

const CUT_BODIES = { 'a Content-Length': post('/', 'half').replace('Length: 4', 'Length: 8'), chunks: postChunked('/') + chunk('half'), 'a chunk': `${postChunked('/')}8\r\nhalf` };
const DEPARTURES = { FIN: (client: RawClient) => client.end(), RST: (client: RawClient) => client.reset() };

for (const [framing, bytes] of Object.entries(CUT_BODIES)) {
  for (const [how, depart] of Object.entries(DEPARTURES)) {
    test(`rejects the reading of a body cut by ${how} inside ${framing}, and answers nothing`, async (t) => {
      const hasRead = new Gate();
      const caught = new Gate<unknown>();
      const { port, errors } = await startServer(t, async (incoming) => {
        try {
          for await (const piece of incoming.body) hasRead.open(void piece);
        } catch (error) {
          caught.open(error);
          throw error;
        }
        return 'never';
      });
      const client = await RawClient.open(t, port);
      await client.send(bytes);
      await hasRead.opened;
      depart(client);
      const error = await within(caught.opened, 'the rejection');
      assert.ok(error instanceof ProtocolError);
      assert.deepEqual([error.code, error.status], ['HTTP_CLIENT_LEFT', undefined]);
      if (how === 'FIN') assert.equal(await client.readToEnd(), '');
      assert.deepEqual(errors, []);
    });
  }
}

test('rejects the reading of a body that begins only after it was cut', async (t) => {
  const caught = new Gate<unknown>();
  const { port } = await startServer(t, async (incoming) => {
    await delay(30);
    return incoming.text().catch((error: unknown) => {
      caught.open(error);
      throw error;
    });
  });
  const client = await RawClient.open(t, port);
  client.socket.end(`${postChunked('/')}8\r\nhalf`);
  assert.ok((await within(caught.opened, 'the rejection')) instanceof ProtocolError);
  assert.equal(await client.readToEnd(), '');
});

test('aborts the signal of a request whose client resets the connection, and writes nothing', async (t) => {
  const hasCome = new Gate();
  const hasLeft = new Gate<unknown>();
  const { port, server, errors } = await startServer(t, async ({ signal }) => {
    hasCome.open();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    hasLeft.open(signal.reason);
    return 'too late';
  });
  const client = await RawClient.open(t, port);
  await client.send(request());
  await hasCome.opened;
  client.reset();
  const reason = await within(hasLeft.opened, 'the abort');
  assert.ok(reason instanceof ProtocolError && reason.code === 'HTTP_CLIENT_LEFT');
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
  assert.equal(server.stats().responses['2xx'], 0);
  assert.deepEqual(errors, []);
});

test('gives a signal that is first asked for after the client left as aborted', async (t) => {
  const hasCome = new Gate();
  const answer = new Gate<boolean>();
  const goOn = new Gate();
  const { port, server } = await startServer(t, async (incoming) => {
    hasCome.open();
    await goOn.opened;
    answer.open(incoming.signal.aborted);
    return 'x';
  });
  const client = await RawClient.open(t, port);
  await client.send(request());
  await hasCome.opened;
  client.reset();
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
  goOn.open();
  assert.equal(await answer.opened, true);
});

test('does not abort the signal of a request that was answered', async (t) => {
  let signal: AbortSignal | undefined;
  const { port, server } = await startServer(t, (incoming) => {
    signal = incoming.signal;
    return 'x';
  });
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readResponse();
  client.reset();
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
  assert.equal(signal?.aborted, false);
});

test('takes FIN during a stream for the leaving of the client, and aborts its signal', async (t) => {
  const aborted = new Gate();
  const { port } = await startServer(t, ({ signal }) => {
    signal.addEventListener('abort', () => aborted.open());
    return { body: new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Buffer.from('first')) }) };
  });
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readUntil('first');
  client.end();
  await within(aborted.opened, 'the abort');
  assert.ok(!(await client.readToEnd()).includes('0\r\n\r\n'));
});

for (const how of ['text', 'json', 'bytes'] as const) {
  test(`does not end the process where ${how}() was called and given up, and the client leaves inside the body`, async (t) => {
    const isReading = new Gate();
    const { port, server } = await startServer(t, async (incoming) => {
      void incoming[how]();
      isReading.open();
      return new Promise<string>(() => {});
    });
    const client = await RawClient.open(t, port);
    await client.send(`${postChunked('/')}8\r\nhalf`);
    await isReading.opened;
    client.reset();
    await until(() => server.stats().connections.open === 0, 'the end of the connection');
  });
}

for (const [name, version] of [['chunked', '1.1'], ['delimited by the close', '1.0']] as const) {
  test(`a client that reads nothing of a response ${name} is let go of at once when the response is cut`, async (t) => {
    const { server, port } = await startServer(t, (request) => withChannel(request, (channel) => {
      while (channel.send(new Uint8Array(1024 * 1024), false));
    }));
    const client = await RawClient.open(t, port);
    client.socket.pause();
    await client.send(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
    await until(() => server.stats().requests === 1 && server.stats().connections.open === 0, 'the end of the connection');
    assert.equal(server.stats().drops, 1);
  });
}

for (const taken of ['at once', 'later'] as const) {
  test(`a channel that is taken ${taken}, and whose body is too large to be held and is not read, is given up after a while`, async (t) => {
    const codes: string[] = [];
    const closed = new Gate<string>();
    const { server, port } = await startServer(
      t,
      async (incoming) => {
        if (taken === 'later') await until(() => server.stats().pauses > 0, 'the pause');
        return asChannel(incoming, { onClose: (_, status) => closed.open(status) });
      },
      { keepAliveTimeoutMs: 500, onClientError: ({ code }) => codes.push(code) },
    );
    const client = await RawClient.open(t, port);
    void client.send(post('/', 'x'.repeat(3 * 1024 * 1024))).catch(() => {});
    await until(() => server.stats().pauses > 0, 'the pause');
    // Behind the pause nobody sees that.
    client.reset();
    assert.equal(await within(closed.opened, 'the end of the channel'), 'server-close');
    assert.deepEqual(codes, ['HTTP_PIPELINE_TOO_LONG']);
    await until(() => server.stats().connections.open === 0, 'the end of the connection');
  });
}

test('a channel that begins late to read a body too large to be held hears all of it', async (t) => {
  const BYTES = 3 * 1024 * 1024;
  const { server, port } = await startServer(t, (incoming) =>
    asChannel(incoming, {
      onOpen: async (channel) => {
        await until(() => server.stats().pauses > 0, 'the pause');
        let bytes = 0;
        for await (const piece of incoming.body) bytes += piece.length;
        channel.send(`${bytes}`);
      },
    }),
  );
  const client = await RawClient.open(t, port);
  void client.send(post('/', 'x'.repeat(BYTES)));
  assert.equal((await client.readResponse()).body, `${BYTES}`);
});
