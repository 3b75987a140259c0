/** The example of OpenTelemetry makes the spans that it promises, of real requests: their parents, attributes, errors and ends. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test, type TestContext } from 'node:test';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { asChannel } from 'longwire';
import { WebSocket } from 'ws';
import { start } from '../examples/opentelemetry.js';
import { RawClient } from './support/raw-client.js';
import { postChunked, request } from './support/requests.js';
import { startServer } from './support/server.js';
import { until } from './support/signals.js';

// OpenTelemetry is set up once in a process, and then traces every server of it.
const exporter = new InMemorySpanExporter();
const server = await start({ port: 0, onError: () => {} }, exporter);
after(() => server.stop({ timeoutMs: 0 }));

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

/** The spans that `run` leaves, once one named `last` has ended, by name. */
async function spansOf(last: string, run: () => Promise<unknown>): Promise<Record<string, ReadableSpan>> {
  exporter.reset();
  await run();
  await until(() => exporter.getFinishedSpans().some(({ name }) => name === last), `the end of ${last}`);
  return Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span]));
}

test('makes of a request a server span below its caller, which is active in the handler, before and behind an await', async () => {
  const { POST: span = assert.fail('no span'), 'read the body': child = assert.fail('no child') } = await spansOf('POST', async () => {
    const response = await fetch(`${server.url}/hello?secret=1`, { method: 'POST', body: 'Ada', headers: { traceparent: TRACEPARENT, 'user-agent': 'a test' } });
    assert.equal(await response.text(), 'hello, Ada\n');
  });
  assert.equal(span.kind, SpanKind.SERVER);
  assert.equal(span.spanContext().traceId, CALLER.traceId);
  assert.equal(span.parentSpanContext?.spanId, CALLER.spanId);
  assert.equal(child.parentSpanContext?.spanId, span.spanContext().spanId);
  const { 'client.port': port, ...attributes } = span.attributes;
  assert.ok(Number(port) > 0);
  assert.deepEqual(attributes, {
    'http.request.method': 'POST',
    'url.scheme': 'http',
    'url.path': '/hello',
    'server.address': '127.0.0.1',
    'client.address': '127.0.0.1',
    'network.protocol.version': '1.1',
    'user_agent.original': 'a test',
    'app.characters': 3,
    'http.response.status_code': 200,
  });
  assert.equal(span.status.code, SpanStatusCode.UNSET);
});

test('begins a trace where the caller has none, and one for each of several pipelined requests', async (t) => {
  exporter.reset();
  const client = await RawClient.open(t, server.port);
  await client.send(request('/1') + request('/2') + request('/3'));
  for (let i = 0; i < 3; i++) await client.readResponse();
  const spans = exporter.getFinishedSpans().filter(({ name }) => name === 'GET');
  const children = exporter.getFinishedSpans().filter(({ name }) => name === 'read the body');
  assert.deepEqual(spans.map(({ attributes, parentSpanContext }) => [attributes['url.path'], parentSpanContext]), [['/1', undefined], ['/2', undefined], ['/3', undefined]]);
  assert.equal(new Set(spans.map((span) => span.spanContext().traceId)).size, 3);
  assert.deepEqual(children.map((child) => child.parentSpanContext?.spanId), spans.map((span) => span.spanContext().spanId));
});

test('records what a handler throws, with the status 500', async () => {
  const { GET: span = assert.fail('no span') } = await spansOf('GET', () => fetch(`${server.url}/fail`));
  assert.deepEqual([span.attributes['http.response.status_code'], span.attributes['error.type'], span.status.code], [500, 'RangeError', SpanStatusCode.ERROR]);
  assert.deepEqual(span.events.map(({ name, attributes }) => [name, attributes?.['exception.message']]), [['exception', 'on purpose']]);
});

test('takes a 4xx for no error of the server, but records what the client did', async (t) => {
  const { POST: span = assert.fail('no span') } = await spansOf('POST', async () => {
    const client = await RawClient.open(t, server.port);
    await client.send(`${postChunked('/')}no size\r\n`);
    await client.readResponse();
  });
  assert.deepEqual([span.attributes['http.response.status_code'], span.attributes['error.type'], span.status.code], [400, undefined, SpanStatusCode.UNSET]);
  assert.equal(span.events[0]?.name, 'exception');
});

test('ends the span of a request whose client leaves before its answer', async (t) => {
  const { POST: span = assert.fail('no span') } = await spansOf('POST', async () => {
    const client = await RawClient.open(t, server.port);
    await client.send(postChunked('/'));
    client.end();
  });
  assert.deepEqual([span.attributes['http.response.status_code'], span.attributes['error.type'], span.status.code], [undefined, 'aborted', SpanStatusCode.ERROR]);
});

test('names a method that OpenTelemetry does not know only in an attribute of its own', async (t) => {
  const { HTTP: span = assert.fail('no span') } = await spansOf('HTTP', async () => {
    const client = await RawClient.open(t, server.port);
    await client.send(request('/', '', { method: 'BREW' }));
    await client.readResponse();
  });
  assert.deepEqual([span.attributes['http.request.method'], span.attributes['http.request.method_original']], ['_OTHER', 'BREW']);
});

test('ends the span of an upgrade at its 101, and makes another of the WebSocket until its close', async (t) => {
  const { GET: upgrade = assert.fail('no span'), WebSocket: span = assert.fail('no span') } = await spansOf('WebSocket', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/chat`, { headers: { traceparent: TRACEPARENT } });
    t.after(() => socket.terminate());
    await once(socket, 'open');
    assert.deepEqual(exporter.getFinishedSpans().map(({ name }) => name), ['GET']);
    socket.send('x');
    await once(socket, 'message');
    socket.close(1001);
  });
  assert.equal(upgrade.attributes['http.response.status_code'], 101);
  assert.deepEqual([span.spanContext().traceId, span.parentSpanContext?.spanId], [CALLER.traceId, upgrade.spanContext().spanId]);
  assert.deepEqual(span.attributes, { 'url.path': '/chat', 'websocket.close.code': 1001, 'websocket.close.by': 'client' });
  assert.equal(span.status.code, SpanStatusCode.UNSET);
});

test('takes a WebSocket that is lost, or whose callback fails, for an error', async (t) => {
  const { port } = await startCallbacks(t);
  const { WebSocket: lost = assert.fail('no span') } = await spansOf('WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    socket.terminate();
  });
  assert.deepEqual([lost.attributes['error.type'], lost.status.code], ['abnormal', SpanStatusCode.ERROR]);
  const { WebSocket: failed = assert.fail('no span') } = await spansOf('WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    socket.send('x');
    await once(socket, 'close');
  });
  assert.deepEqual([failed.attributes['error.type'], failed.status.code, failed.events.length], ['TypeError', SpanStatusCode.ERROR, 1]);
});

test('traces every server of the process, and every callback of a channel in the span of its request', async (t) => {
  const { port, seen } = await startCallbacks(t);
  const { GET: span = assert.fail('no span') } = await spansOf('WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    socket.send('x');
    await once(socket, 'close');
  });
  assert.deepEqual(seen, [span.spanContext().spanId]);
});

/** A server whose WebSockets note the active span when a message comes, close, and then fail. */
async function startCallbacks(t: TestContext): Promise<{ port: number; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = [];
  const { port } = await startServer(t, (incoming) =>
    asChannel(incoming, {
      onReceive: (channel) => {
        seen.push(trace.getActiveSpan()?.spanContext().spanId);
        setImmediate(() => channel.close());
        throw new TypeError('on purpose');
      },
    }),
  );
  return { port, seen };
}
