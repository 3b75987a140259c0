/** What is told on the channels of node:diagnostics_channel: every event once, in order, with what it is about. */

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { asChannel, type Channel, type DiagnosticsEvents, type Handler, ProtocolError, type ServerOptions, withChannel } from 'longwire';
import { close, handshake, text } from '../support/frames.js';
import { hear, Listener } from '../support/listener.js';
import { Random } from '../support/random.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { post, postChunked, request } from '../support/requests.js';
import { startServer, type TestServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';
import { openTls, startTls } from '../support/tls.js';

test('tells of a connection, its requests and their responses, and its end, in order and with what they are about', async (t) => {
  const listener = new Listener(t);
  let handled: unknown;
  const { port } = await startServer(t, (incoming) => {
    handled = incoming;
    assert.equal(listener.names.at(-1), 'request');
    return incoming.path === '/nothing' ? null : 'x';
  });
  const client = await RawClient.open(t, port);
  const connection = { remoteAddress: '127.0.0.1', remotePort: client.socket.localPort, isSecure: false };
  await client.send(request('/first'));
  await client.readResponse();
  await client.send(request('/nothing', 'Connection: close\r\n'));
  await client.readToEnd();
  client.end();
  await listener.heard('longwire.connection.closed');
  assert.deepEqual(listener.names, ['connection.opened', 'request', 'response', 'request', 'response', 'connection.closed']);
  assert.deepEqual(listener.of('longwire.connection.opened'), [connection]);
  assert.deepEqual(listener.of('longwire.connection.closed'), [{ ...connection, reason: 'finished' }]);
  assert.deepEqual(listener.of('longwire.request').map((event) => event.request.path), ['/first', '/nothing']);
  assert.equal(listener.of('longwire.request')[1]!.request, handled);
  assert.deepEqual(listener.of('longwire.response').map(({ status, isComplete }) => ({ status, isComplete })), [
    { status: 200, isComplete: true },
    { status: 404, isComplete: true },
  ]);
  assert.deepEqual(listener.of('longwire.response').map((event) => event.request), listener.of('longwire.request').map((event) => event.request));
});

test('tells of a connection over a unix socket without an address', async (t) => {
  const listener = new Listener(t);
  const path = join(tmpdir(), `longwire-diagnostics-${process.pid}.sock`);
  await startServer(t, () => 'x', { path });
  const client = await RawClient.open(t, { path });
  await client.send(request());
  await client.readResponse();
  assert.deepEqual(listener.of('longwire.connection.opened'), [{ remoteAddress: '', remotePort: 0, isSecure: false }]);
});

test('tells of a TLS connection when its handshake is done, and of none whose handshake fails', async (t) => {
  const listener = new Listener(t);
  const started = await startTls(t, () => 'x');
  if (started === undefined) return;
  await assert.rejects(openTls(t, started, { ALPNProtocols: ['h2'] }));
  await until(() => Object.keys(started.server.stats().errors).length === 1, 'the count');
  assert.deepEqual(listener.names, []);
  const socket = await openTls(t, started);
  const [event] = await listener.heard('longwire.connection.opened');
  assert.deepEqual(event, { remoteAddress: '127.0.0.1', remotePort: socket.localPort, isSecure: true });
});

const DEPARTURES: Record<string, { expected: string; leave(client: RawClient, server: TestServer): unknown }> = {
  'the client resets it': { expected: 'reset', leave: (client) => client.reset() },
  'the client ends it': { expected: 'finished', leave: (client) => client.end() },
  'a stop finds it at the deadline': { expected: 'shutdown', leave: (_client, { server }) => server.stop({ timeoutMs: 1 }) },
};

for (const [name, { expected, leave }] of Object.entries(DEPARTURES)) {
  test(`says ${expected} of a connection when ${name}`, async (t) => {
    const listener = new Listener(t);
    const hasCome = new Gate();
    const started = await startServer(t, (incoming) => (incoming.path === '/wait' ? (hasCome.open(), new Promise(() => {})) : 'x'));
    const client = await RawClient.open(t, started.port);
    await client.send(request(expected === 'shutdown' ? '/wait' : '/'));
    await (expected === 'shutdown' ? hasCome.opened : client.readResponse());
    void leave(client, started);
    assert.equal((await listener.heard('longwire.connection.closed'))[0]!.reason, expected);
  });
}

test('tells of a refused connection as of any other, and of no request', async (t) => {
  const listener = new Listener(t);
  const { port } = await startServer(t, () => 'x', { maxConnections: 1 });
  const first = await RawClient.open(t, port);
  await first.send(request());
  await first.readResponse();
  const refused = await RawClient.open(t, port);
  await refused.readToEnd();
  refused.end();
  await listener.heard('longwire.connection.closed');
  assert.deepEqual(listener.names, ['connection.opened', 'request', 'response', 'connection.opened', 'connection.closed']);
});

interface Answer {
  readonly handler: Handler;
  readonly sent?: string;
  readonly options?: ServerOptions;
  readonly status: number | undefined;
  readonly isComplete: boolean;
  /** What the client does once the handler runs; by default it waits. */
  readonly then?: (client: RawClient, started: TestServer) => unknown;
}

const never = new Promise<never>(() => {});
const throwing = (): never => {
  throw new Error('on purpose');
};
async function* failing(): AsyncGenerator<string> {
  yield 'one piece';
  throw new Error('on purpose');
}
async function* endless(): AsyncGenerator<string> {
  yield 'one piece';
  await never;
}

const ANSWERS: Record<string, Answer> = {
  'a string': { handler: () => 'x', status: 200, isComplete: true },
  'a promise of a response': { handler: async () => ({ status: 201 }), status: 201, isComplete: true },
  'nothing': { handler: () => undefined, status: 404, isComplete: true },
  'a handler that throws': { handler: throwing, status: 500, isComplete: true },
  'a handler that rejects': { handler: async () => throwing(), status: 500, isComplete: true },
  'an invalid response': { handler: () => ({ headers: { 'a b': 'c' } }), status: 500, isComplete: true },
  'a streamed body': { handler: () => ({ body: ['a', 'b'] }), status: 200, isComplete: true },
  'a streamed body to HEAD': { handler: () => ({ body: ['a', 'b'] }), sent: request('/', '', { method: 'HEAD' }), status: 200, isComplete: true },
  'a streamed body that fails': { handler: () => ({ status: 203, body: failing() }), status: 203, isComplete: false },
  'a streamed body shorter than it declares': { handler: () => ({ headers: { 'Content-Length': 5 }, body: ['abc'] }), status: 200, isComplete: false },
  'a streamed body that its client leaves': { handler: () => ({ body: endless() }), status: 200, isComplete: false, then: async (client) => (await client.readUntil('piece'), client.reset()) },
  'a streamed body over HTTP/1.0': { handler: () => ({ body: ['a'] }), sent: request('/', '', { version: '1.0' }), status: 200, isComplete: true },
  'a client that leaves before its answer': { handler: () => never, status: undefined, isComplete: false, then: (client) => client.reset() },
  'a stop that does not wait for the handler': { handler: () => never, status: undefined, isComplete: false, then: (_client, { server }) => server.stop({ timeoutMs: 1 }) },
  'a body over maxBodyBytes': { handler: (incoming) => incoming.text(), sent: post('/', 'x'.repeat(20)), options: { maxBodyBytes: 10 }, status: 413, isComplete: true },
  'a body with a bad chunk': { handler: (incoming) => incoming.text(), sent: `${postChunked('/')}zz\r\n`, status: 400, isComplete: true },
  'a body that its client does not finish': { handler: (incoming) => incoming.text(), sent: `${postChunked('/')}5\r\nab`, status: undefined, isComplete: false, then: (client) => client.end() },
  'a poll that is answered': { handler: (incoming) => asChannel(incoming, { onOpen: (channel) => void setImmediate(() => channel.send({ status: 202 })) }), status: 202, isComplete: true },
  'a poll that is closed': { handler: (incoming) => withChannel(incoming, (channel) => channel.close()), status: 204, isComplete: true },
  'a poll that its client leaves': { handler: (incoming) => asChannel(incoming), status: undefined, isComplete: false, then: (client) => client.end() },
  'a poll that waits at the stop': { handler: (incoming) => asChannel(incoming), status: 503, isComplete: true, then: (_client, { server }) => server.stop() },
  'a poll whose handler throws': { handler: (incoming) => (asChannel(incoming), throwing()), status: 500, isComplete: true },
  'a stream of a channel': { handler: (incoming) => withChannel(incoming, (channel) => (channel.send('a', false), channel.send('b'))), status: 200, isComplete: true },
  'a stream whose handler throws': { handler: (incoming) => (asChannel(incoming).send('a', false), throwing()), status: 200, isComplete: false },
  'a stream that its client leaves': { handler: (incoming) => withChannel(incoming, (channel) => channel.send('a', false)), status: 200, isComplete: false, then: async (client) => (await client.readUntil('a\r\n'), client.end()) },
  'a body sent by a channel': { handler: (incoming) => withChannel(incoming, (channel) => channel.send({ body: ['a', 'b'] })), status: 200, isComplete: true },
  'a body sent by a channel that fails': { handler: (incoming) => withChannel(incoming, (channel) => channel.send({ body: failing() })), status: 200, isComplete: false },
  'a channel taken behind the answer': { handler: (incoming) => (void setImmediate(() => asChannel(incoming)), 'x'), status: 200, isComplete: true },
  'a channel taken within a streamed body': { handler: (incoming) => ({ body: (function* () { yield 'a'; asChannel(incoming); yield 'b'; })() }), status: 200, isComplete: true },
  'a WebSocket': { handler: (incoming) => asChannel(incoming), sent: handshake(), status: 101, isComplete: true },
  'a WebSocket that closes at once': { handler: (incoming) => withChannel(incoming, (channel) => channel.close()), sent: handshake(), status: 101, isComplete: true },
  'a WebSocket whose handler throws': { handler: (incoming) => (asChannel(incoming), throwing()), sent: handshake(), status: 101, isComplete: true },
  'a WebSocket that its client resets': { handler: (incoming) => asChannel(incoming), sent: handshake(), status: 101, isComplete: true, then: async (client) => (await client.readUntil('\r\n\r\n'), client.reset()) },
  'a handshake that is refused': { handler: () => ({ status: 403 }), sent: handshake(), status: 403, isComplete: true },
  'an invalid handshake': { handler: (incoming) => asChannel(incoming), sent: handshake().replace('Version: 13', 'Version: 12'), status: 426, isComplete: true },
};

for (const [name, { handler, sent, options, status, isComplete, then }] of Object.entries(ANSWERS)) {
  test(`tells once that the response is over: ${name}`, async (t) => {
    const listener = new Listener(t);
    const hasCome = new Gate();
    const started = await startServer(t, (incoming) => (hasCome.open(), handler(incoming)), options);
    const client = await RawClient.open(t, started.port);
    await client.send(sent ?? request());
    await hasCome.opened;
    await then?.(client, started);
    await listener.heard('longwire.response');
    client.socket.destroy();
    await started.server.stop({ timeoutMs: 0 });
    assert.deepEqual(listener.of('longwire.response'), [{ request: listener.of('longwire.request')[0]!.request, status, isComplete }]);
    assert.equal(listener.of('longwire.request').length, 1);
    assert.equal(listener.of('longwire.channel.opened').length, listener.of('longwire.channel.closed').length);
    assert.equal(listener.names.at(-1), 'connection.closed');
  });
}

test('tells of as many responses as of requests, each of its own, whatever 300 requests on 30 connections ask for and whoever leaves', async (t) => {
  const random = new Random(7);
  const listener = new Listener(t);
  const handlers = Object.values(ANSWERS).filter(({ sent }) => sent === undefined).map(({ handler }) => handler);
  const { port, server } = await startServer(t, (incoming) => handlers[Number(incoming.query)]!(incoming));
  const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(t, port)));
  for (const client of clients) {
    client.socket.resume();
    void client.send(Array.from({ length: 10 }, () => request(`/?${random.below(handlers.length)}`)).join(''));
  }
  await listener.heard('longwire.response', 30);
  for (const [i, client] of clients.entries()) {
    if (i % 3 === 0) client.reset();
    else if (i % 3 === 1) client.end();
  }
  await server.stop({ timeoutMs: 20 });
  const requests = listener.of('longwire.request').map((event) => event.request);
  const responses = listener.of('longwire.response').map((event) => event.request);
  assert.ok(requests.length > 30);
  assert.equal(new Set(responses).size, responses.length);
  assert.deepEqual(new Set(responses), new Set(requests));
  assert.equal(listener.of('longwire.channel.opened').length, listener.of('longwire.channel.closed').length);
});

test('tells of a request that is refused with 429 as of any other, with the error between it and its response', async (t) => {
  const listener = new Listener(t);
  const { port } = await startServer(t, () => 'x', { maxRequestsPerSecond: 1 });
  const client = await RawClient.open(t, port);
  await client.send(request() + request());
  await client.readResponse();
  assert.match((await client.readResponse()).head, /^HTTP\/1\.1 429 /);
  assert.deepEqual(listener.names, ['connection.opened', 'request', 'response', 'request', 'error', 'response']);
  assert.deepEqual(listener.of('longwire.response').map(({ status }) => status), [200, 429]);
  assert.equal(listener.of('longwire.error')[0]!.request, listener.of('longwire.request')[1]!.request);
});

test('tells of no request where none was, only of the error', async (t) => {
  const listener = new Listener(t);
  const { port } = await startServer(t, () => 'x');
  const client = await RawClient.open(t, port);
  const remotePort = client.socket.localPort;
  await client.send('no request\r\n\r\n');
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 400 /);
  client.end();
  await listener.heard('longwire.connection.closed');
  assert.deepEqual(listener.names, ['connection.opened', 'error', 'connection.closed']);
  const [{ error, ...origin } = assert.fail('no error')] = listener.of('longwire.error');
  assert.ok(error instanceof ProtocolError);
  assert.deepEqual(origin, { request: undefined, remoteAddress: '127.0.0.1', remotePort });
});

test('tells of what a handler throws, before the response, with the request and its address', async (t) => {
  const listener = new Listener(t);
  const { port, errors } = await startServer(t, throwing);
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readResponse();
  assert.deepEqual(listener.names, ['connection.opened', 'request', 'error', 'response']);
  const [event = assert.fail('no event')] = listener.of('longwire.error');
  assert.deepEqual(event, { error: errors[0], request: listener.of('longwire.request')[0]!.request, remoteAddress: '127.0.0.1', remotePort: client.socket.localPort });
});

test('tells of what a client did to the body of a request, with the request', async (t) => {
  const listener = new Listener(t);
  const { port, errors } = await startServer(t, (incoming) => incoming.json());
  const client = await RawClient.open(t, port);
  await client.send(post('/', 'no JSON'));
  await client.readResponse();
  const [event = assert.fail('no event')] = listener.of('longwire.error');
  assert.ok(event.error instanceof ProtocolError);
  assert.equal(event.error.code, 'HTTP_BAD_JSON');
  assert.equal(event.request, listener.of('longwire.request')[0]!.request);
  assert.deepEqual(errors, []);
});

test('tells of errors that have no request, such as those of onDraining, also where onError is not set', async (t) => {
  const listener = new Listener(t);
  const warned = t.mock.method(process, 'emitWarning', () => {});
  const { server } = await startServer(t, () => 'x', { onError: undefined });
  await server.stop({ onDraining: throwing });
  assert.deepEqual(listener.of('longwire.error').map(({ request: of }) => of), [undefined]);
  assert.equal(warned.mock.callCount(), 1);
});

test('tells of a poll and of a stream when they open, and at the moment they close', async (t) => {
  const listener = new Listener(t);
  let taken: Channel | undefined;
  const { port } = await startServer(t, (incoming) => {
    taken = asChannel(incoming);
    assert.deepEqual(listener.of('longwire.channel.opened'), [{ channel: taken, request: incoming }]);
    taken.send('one', false);
    taken.send('two');
    assert.equal(listener.of('longwire.channel.closed').length, 1);
    return taken;
  });
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readUntil('0\r\n\r\n');
  assert.deepEqual(listener.names, ['connection.opened', 'request', 'channel.opened', 'response', 'channel.closed']);
  const [event = assert.fail('no event')] = listener.of('longwire.channel.closed');
  assert.deepEqual(event, { channel: taken, request: taken!.request, status: 'server-close', detail: { code: undefined, reason: '', by: 'server', clean: true } });
});

test('tells of a WebSocket once it is one, and of its close by the client', async (t) => {
  const listener = new Listener(t);
  hear(t, 'longwire.channel.opened', ({ channel }) => assert.equal(channel.isWebSocket && channel.send('from a listener'), true));
  const { port } = await startServer(t, (incoming) => withChannel(incoming, (channel) => channel.send('from the handler')));
  const client = await RawWebSocket.open(t, port);
  assert.equal((await client.readFrame()).payload.toString(), 'from a listener');
  assert.equal((await client.readFrame()).payload.toString(), 'from the handler');
  assert.deepEqual(listener.names, ['connection.opened', 'request', 'response', 'channel.opened']);
  await client.send(close(4001, 'bye'));
  const [event = assert.fail('no event')] = await listener.heard('longwire.channel.closed');
  assert.deepEqual([event.status, event.detail], ['unknown', { code: 4001, reason: 'bye', by: 'client', clean: true }]);
});

test('tells of a WebSocket that the server closes before the client has answered, and not twice', async (t) => {
  const listener = new Listener(t);
  const { port, server } = await startServer(t, (incoming) => asChannel(incoming, { onReceive: (channel) => channel.close(1012, 'soon back') }));
  const client = await RawWebSocket.open(t, port);
  await client.send(text('close'));
  await client.readClose();
  const [event = assert.fail('no event')] = listener.of('longwire.channel.closed');
  assert.deepEqual([event.status, event.detail], ['service-restart', { code: 1012, reason: 'soon back', by: 'server', clean: undefined }]);
  await client.send(close(1012));
  await listener.heard('longwire.connection.closed');
  await server.stop();
  assert.equal(listener.of('longwire.channel.closed').length, 1);
});

test('tells of the close of a WebSocket while the messages before it are still handled', async (t) => {
  const listener = new Listener(t);
  const hasClosed = new Gate();
  const mayEnd = new Gate();
  const { port } = await startServer(t, (incoming) => asChannel(incoming, { onReceive: () => mayEnd.opened, onClose: () => hasClosed.open() }));
  const client = await RawWebSocket.open(t, port);
  await client.send(Buffer.concat([text('slow'), close(1000)]));
  const [event = assert.fail('no event')] = await listener.heard('longwire.channel.closed');
  assert.deepEqual([event.status, event.detail.clean], ['normal', true]);
  mayEnd.open();
  await hasClosed.opened;
});

test('tells nothing of a channel that was never open: of a refused handshake, or taken when its client had left', async (t) => {
  const listener = new Listener(t);
  const left = new Gate();
  const { port } = await startServer(t, async (incoming) => {
    if (incoming.isWebSocketUpgrade) return asChannel(incoming);
    incoming.signal.addEventListener('abort', () => left.open());
    await left.opened;
    return asChannel(incoming);
  });
  const refused = await RawClient.open(t, port);
  await refused.send(handshake().replace('Version: 13', 'Version: 12'));
  await refused.readToEnd();
  const gone = await RawClient.open(t, port);
  await gone.send(request());
  await listener.heard('longwire.request', 2);
  gone.reset();
  await left.opened;
  await listener.heard('longwire.response', 2);
  assert.equal(listener.names.some((name) => name.startsWith('channel.')), false);
});

test('finds everything settled: a listener that uses the channel of a response that is over writes nothing', async (t) => {
  let channel: Channel | undefined;
  const answers: boolean[] = [];
  const useIt = (): unknown => channel !== undefined && answers.push(channel.isOpen, channel.send('again'), channel.close());
  hear(t, 'longwire.response', useIt);
  hear(t, 'longwire.channel.closed', useIt);
  const { port, server, errors } = await startServer(t, (incoming) => {
    channel = asChannel(incoming);
    channel.send('once');
    return channel;
  });
  const client = await RawClient.open(t, port);
  await client.send(request() + request('/', 'Connection: close\r\n'));
  assert.deepEqual((await client.readToEnd()).match(/once|again/g), ['once', 'once']);
  assert.deepEqual(answers, Array(12).fill(false));
  assert.deepEqual([server.stats().channels.open, errors], [0, []]);
});

test('finds a WebSocket open at its 101: a listener of the response that sends makes a frame', async (t) => {
  hear(t, 'longwire.response', ({ request: incoming }) => asChannel(incoming).send('a frame'));
  const { port } = await startServer(t, (incoming) => asChannel(incoming));
  const client = await RawWebSocket.open(t, port);
  assert.equal((await client.readFrame()).payload.toString(), 'a frame');
});

test('tells those who listen only what happens while they do', async (t) => {
  const { port } = await startServer(t, () => 'x');
  const client = await RawClient.open(t, port);
  const exchange = async (path: string): Promise<void> => {
    await client.send(request(path));
    await client.readResponse();
  };
  const heard: string[] = [];
  const onRequest = (event: unknown): unknown => heard.push((event as DiagnosticsEvents['longwire.request']).request.path);
  await exchange('/before');
  subscribe('longwire.request', onRequest);
  await exchange('/while');
  unsubscribe('longwire.request', onRequest);
  await exchange('/after');
  assert.deepEqual(heard, ['/while']);
});

test('hears the response of a request that began before it listened', async (t) => {
  const hasCome = new Gate();
  const answer = new Gate<string>();
  const { port } = await startServer(t, () => (hasCome.open(), answer.opened));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await hasCome.opened;
  const listener = new Listener(t);
  answer.open('x');
  await client.readResponse();
  assert.deepEqual(listener.names, ['response']);
});
