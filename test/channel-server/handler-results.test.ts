/** Whatever a handler returns or throws, before or after it took a channel: one answer, and errors where the application hears them. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asChannel, type Channel, type Handler, type HandlerResult, type HttpRequest, UsageError, withChannel } from 'longwire';
import { get, TakenChannel } from '../support/channels.js';
import { deferred, turns, until } from '../support/deferred.js';
import { handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

/** The ways in which a handler can conclude: at once, or after an await. */
const WAYS: { readonly name: string; readonly conclude: (fn: () => HandlerResult) => HandlerResult | Promise<HandlerResult> }[] = [
  { name: 'at once', conclude: (fn) => fn() },
  {
    name: 'after an await',
    conclude: async (fn) => {
      await turns(2);
      return fn();
    },
  },
];

const GOOD_RESULTS: { readonly name: string; readonly of: (channel: Channel) => HandlerResult }[] = [
  { name: 'its channel', of: (channel) => channel },
  { name: 'undefined', of: () => undefined },
  { name: 'null', of: () => null },
];

const BAD_RESULTS: { readonly name: string; readonly of: (channel: Channel, other: Channel | undefined) => HandlerResult }[] = [
  { name: 'a response', of: () => ({ status: 201, body: 'no' }) },
  { name: 'a string', of: () => 'no' },
  { name: "another request's channel", of: (_channel, other) => other },
];

for (const way of WAYS) {
  for (const result of GOOD_RESULTS) {
    test(`a handler that took the channel may return ${result.name} ${way.name}`, async (t) => {
      const { port, errors } = await startServer(t, (request) => {
        const channel = asChannel(request);
        setImmediate(() => channel.send('sent later'));
        return way.conclude(() => result.of(channel));
      });
      const client = await RawClient.open(t, port);
      await client.send(get());
      assert.equal((await client.readResponse()).body, 'sent later');
      assert.deepEqual(errors, []);
    });
  }

  for (const result of BAD_RESULTS) {
    test(`a handler that took the channel and returns ${result.name} ${way.name} is told so, and the channel stands`, async (t) => {
      let other: Channel | undefined;
      const reported = deferred<unknown>();
      const { port } = await startServer(
        t,
        (request) => {
          const channel = asChannel(request);
          if (other === undefined) {
            other = channel;
            return channel;
          }
          void reported.promise.then(() => channel.send('the channel stands'));
          return way.conclude(() => result.of(channel, other));
        },
        { onError: (error) => reported.resolve(error) },
      );
      const first = await RawClient.open(t, port);
      await first.send(get());
      const client = await RawClient.open(t, port);
      await client.send(get());
      assert.equal((await client.readResponse()).body, 'the channel stands');
      assert.ok((await reported.promise) instanceof UsageError);
      assert.equal(other!.isOpen, true);
      assert.equal(first.received, '');
    });
  }
}

test("a handler that took no channel and returns another request's answers 500 and is told so", async (t) => {
  let other: Channel | undefined;
  const { port, errors } = await startServer(t, (request) => (other ??= asChannel(request)));
  const first = await RawClient.open(t, port);
  await first.send(get());
  const client = await RawClient.open(t, port);
  await client.send(get());
  assert.match((await client.readResponse()).head, /^HTTP\/1\.1 500 /);
  assert.ok(errors[0] instanceof UsageError);
  other!.send('mine');
  assert.equal((await first.readResponse()).body, 'mine');
});

test('a handler that took no channel and returns nothing answers 404', async (t) => {
  const { port } = await startServer(t, () => undefined);
  const client = await RawClient.open(t, port);
  await client.send(get());
  assert.match((await client.readResponse()).head, /^HTTP\/1\.1 404 /);
});

/** Serves one request with a handler that prepares its channel and then fails. */
async function failAfter(t: TestContext, way: (typeof WAYS)[number], prepare: (channel: Channel) => void, bytes: string) {
  let taken: TakenChannel | undefined;
  const handler: Handler = (request) => {
    taken = new TakenChannel(request);
    prepare(taken.take());
    return way.conclude(() => {
      throw new Error('the handler failed');
    });
  };
  const { port, errors } = await startServer(t, handler);
  const client = await RawClient.open(t, port);
  await client.send(bytes);
  return { client, errors, taken: () => taken! };
}

for (const way of WAYS) {
  test(`a handler that throws ${way.name} with a pending channel answers 500, and says nothing of the error`, async (t) => {
    const { client, errors, taken } = await failAfter(t, way, () => {}, get());
    const { head, body } = await client.readResponse();
    assert.match(head, /^HTTP\/1\.1 500 /);
    assert.match(head, /\r\nConnection: close\r\n/i);
    assert.equal(body, 'Internal Server Error');
    assert.deepEqual(await taken().closed(), { status: 'server-close', code: undefined, reason: '', by: 'server', clean: true });
    assert.equal((errors[0] as Error).message, 'the handler failed');
    assert.equal(taken().channel.isOpen, false);
  });

  test(`a handler that throws ${way.name} with a streaming channel aborts the response visibly`, async (t) => {
    const { client, errors, taken } = await failAfter(t, way, (channel) => channel.send('begun', false), get());
    const received = await client.readToEnd();
    assert.match(received, /^HTTP\/1\.1 200 /);
    assert.match(received, /5\r\nbegun\r\n$/, 'no last chunk');
    assert.deepEqual(await taken().closed(), { status: 'server-close', code: undefined, reason: '', by: 'server', clean: false });
    assert.equal(errors.length, 1);
  });

  test(`a handler that throws ${way.name} with a stream that the close delimits resets it`, async (t) => {
    const { client } = await failAfter(t, way, (channel) => channel.send('begun', false), 'GET / HTTP/1.0\r\n\r\n');
    await client.closed();
    assert.equal(client.error?.code, 'ECONNRESET');
  });

  test(`a handler that throws ${way.name} with a WebSocket closes it with 1011`, async (t) => {
    const { client, errors, taken } = await failAfter(t, way, () => {}, handshake());
    assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 101 /);
    assert.deepEqual([...(await client.readBytes(4))], [0x88, 2, 1011 >> 8, 1011 & 255]);
    client.end();
    const closing = await taken().closed();
    assert.equal(closing.status, 'internal-server-error');
    assert.equal(closing.code, 1011);
    assert.equal(closing.by, 'server');
    assert.equal(errors.length, 1);
  });
}

test('a handler that throws behind its own close of a WebSocket changes nothing about that close', async (t) => {
  let taken: TakenChannel | undefined;
  const { port, errors } = await startServer(t, (request) => {
    taken = new TakenChannel(request);
    taken.take().close(3000, 'mine');
    throw new Error('the handler failed');
  });
  const socket = await RawWebSocket.open(t, port);
  assert.deepEqual(await socket.readClose(), { code: 3000, reason: 'mine' });
  await turns();
  assert.deepEqual(taken!.closings, [], 'the Close of the client is still waited for');
  await socket.send(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 3000 >> 8, 3000 & 255]));
  assert.deepEqual(await taken!.closed(), { status: 'unknown', code: 3000, reason: 'mine', by: 'server', clean: true });
  assert.equal(errors.length, 1);
});

for (const way of WAYS) {
  for (const status of [200, 401, 403, 503]) {
    test(`refuses an upgrade with ${status} ${way.name}, closes, and discards what came behind it`, async (t) => {
      let requests = 0;
      const { port } = await startServer(t, () => {
        requests++;
        return way.conclude(() => ({ status, headers: { 'X-Why': 'no' }, body: 'refused' }));
      });
      const client = await RawClient.open(t, port);
      await client.send(Buffer.concat([Buffer.from(handshake()), text('coalesced'), Buffer.from(get('/smuggled'))]));
      const { head, body } = await client.readResponse();
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(head, /\r\nConnection: close\r\n/i);
      assert.match(head, /\r\nX-Why: no\r\n/);
      assert.equal(body, 'refused');
      assert.equal(await client.readToEnd(), '');
      assert.equal(requests, 1);
    });
  }
}

for (const path of ['/', '/ws']) {
  test(`a second call gives the same channel and sets the handlers it brings (${path === '/ws' ? 'WebSocket' : 'HTTP'})`, async (t) => {
    const opened: number[] = [];
    const closed = deferred<string>();
    const { port, errors } = await startServer(t, (request) => {
      const channel = asChannel(request, { onOpen: () => opened.push(1) });
      assert.equal(asChannel(request, { onOpen: () => opened.push(2), onClose: () => closed.resolve('second') }), channel);
      assert.equal(withChannel(request, (same) => assert.equal(same, channel)), channel);
      setImmediate(() => channel.close());
      return channel;
    });
    const client = await RawClient.open(t, port);
    await client.send(path === '/ws' ? handshake() : get());
    await client.readUntil('\r\n\r\n');
    client.end();
    assert.equal(await closed.promise, 'second');
    assert.deepEqual(opened, [1]);
    assert.deepEqual(errors, []);
  });
}

for (const leave of ['FIN', 'RST'] as const) {
  test(`a channel taken after the client left by ${leave} is closed, and fires onClose`, async (t) => {
    const begun = deferred<HttpRequest>();
    const go = deferred();
    let taken: TakenChannel | undefined;
    const { port } = await startServer(t, async (request) => {
      begun.resolve(request);
      await go.promise;
      taken = new TakenChannel(request);
      return taken.take({ onOpen: () => assert.fail('it never opened') });
    });
    const probe = await startServer(t, () => 'probe');
    const client = await RawClient.open(t, port);
    await client.send(get());
    await begun.promise;
    if (leave === 'FIN') client.end();
    else client.reset();
    // A round trip through the same event loop: the server has seen the end by then.
    const other = await RawClient.open(t, probe.port);
    await other.send(get());
    await other.readResponse();
    await turns(20);
    go.resolve();
    while (taken === undefined) await turns(1);
    assert.equal(taken.channel.isOpen, false);
    assert.equal(taken.channel.send('too late'), false);
    const closing = await taken.closed();
    assert.equal(closing.status, 'client-close');
    assert.equal(closing.clean, false);
    assert.equal(taken.request.signal.aborted, true);
  });
}

test('a channel taken from a request that was answered already is closed, and fires onClose', async (t) => {
  const requests: HttpRequest[] = [];
  const { port } = await startServer(t, (request) => {
    requests.push(request);
    return 'answered';
  });
  const client = await RawClient.open(t, port);
  await client.send(get());
  await client.readResponse();
  const taken = new TakenChannel(requests[0]!);
  const channel = taken.take({ onOpen: () => assert.fail('it never opened') });
  assert.equal(channel.isOpen, false);
  assert.equal(channel.send('too late'), false);
  assert.equal((await taken.closed()).status, 'server-close');
  await client.send(get());
  assert.equal((await client.readResponse()).body, 'answered');
});

for (const foreign of [undefined, null, {}, 'GET /', new Request('http://localhost/')]) {
  test(`refuses to take a channel from ${foreign === null ? 'null' : typeof foreign === 'object' ? foreign.constructor.name : typeof foreign}`, () => {
    assert.throws(() => asChannel(foreign as unknown as HttpRequest), UsageError);
    assert.throws(() => withChannel(foreign as unknown as HttpRequest, () => assert.fail('not called')), UsageError);
  });
}

for (const name of ['init', 'onOpen', 'onReceive', 'onPing', 'onPong', 'onDrain', 'onClose', 'onHandshakeError']) {
  test(`refuses an ${name} that is no function, and the request can still be answered`, async (t) => {
    const { port, errors } = await startServer(t, (request) => {
      assert.throws(() => asChannel(request, { [name]: 'no function' }), UsageError);
      return 'answered';
    });
    const client = await RawClient.open(t, port);
    await client.send(get());
    assert.equal((await client.readResponse()).body, 'answered');
    assert.deepEqual(errors, []);
  });
}

for (const [kind, rejection] of [
  ['a promise', (): Promise<never> => Promise.reject(new Error('later'))],
  ['what only has a then', (): PromiseLike<never> => ({ then: (_done, failed) => Promise.reject(new Error('later')).then(undefined, failed) })],
] as const) {
  test(`reports what ${kind} rejects with that the function of withChannel returned, and the channel stays open`, async (t) => {
    const { url, errors } = await startServer(t, (request) => {
      const channel = withChannel(request, rejection);
      setImmediate(() => channel.send('still open'));
      return channel;
    });
    assert.equal(await (await fetch(url)).text(), 'still open');
    assert.deepEqual(errors.map((error) => (error as Error).message), ['later']);
  });
}

test('refuses a withChannel without a function, and the request can still be answered', async (t) => {
  const { port, errors } = await startServer(t, (request) => {
    assert.throws(() => withChannel(request, undefined as unknown as () => void), UsageError);
    return 'answered';
  });
  const client = await RawClient.open(t, port);
  await client.send(get());
  assert.equal((await client.readResponse()).body, 'answered');
  assert.deepEqual(errors, []);
});

for (const way of ['asChannel', 'withChannel'] as const) {
  const take = (request: HttpRequest): Channel => {
    const answer = async (channel: Channel): Promise<unknown> => channel.send(await request.text());
    return way === 'asChannel' ? asChannel(request, { onOpen: answer }) : withChannel(request, answer);
  };

  test(`a body too large, read in a callback of ${way}, is answered with 413 and is no error of ours`, async (t) => {
    const { port, errors } = await startServer(t, take, { maxBodyBytes: 4 });
    const client = await RawClient.open(t, port);
    await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    assert.match((await client.readResponse()).head, /^HTTP\/1\.1 413 /);
    assert.deepEqual(errors, []);
  });

  test(`a client that leaves while its body is read in a callback of ${way} is no error of ours`, async (t) => {
    const { server, port, errors } = await startServer(t, take);
    const client = await RawClient.open(t, port);
    await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe');
    await until(() => server.stats().channels.open === 1, 'the channel');
    client.reset();
    await until(() => server.stats().channels.open === 0 && server.stats().connections.open === 0, 'the end');
    assert.deepEqual(errors, []);
  });
}
