/**
 * Traces with OpenTelemetry, made of nothing but what servers tell on node:diagnostics_channel: a span for each request, a child of its
 * caller's, and active in the handler; then one for each WebSocket. They are printed.
 *
 *   node build/examples/opentelemetry.js
 *   curl -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' http://127.0.0.1:9090/hello
 *   npx wscat -c ws://127.0.0.1:9090
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, subscribe } from 'node:diagnostics_channel';
import { type Context, context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { asChannel, type DiagnosticsEvents, type HttpRequest, ProtocolError, runServer, type Server, type ServerOptions } from 'longwire';

const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** Traces all servers of this process, in the terms of OpenTelemetry's semantic conventions for HTTP. */
export function traceServers(manager: AsyncLocalStorageContextManager): void {
  const tracer = trace.getTracer('longwire');
  const traces = new WeakMap<HttpRequest, { span: Span; context: Context; errorType?: string }>();

  // Where the context is made, ahead of the handler, which runs in it.
  channel('longwire.request').bindStore(storageOf(manager), (event) => {
    const { request } = event as DiagnosticsEvents['longwire.request'];
    const caller = propagation.extract(ROOT_CONTEXT, request.headers);
    const method = METHODS.has(request.method) ? request.method : '_OTHER';
    const span = tracer.startSpan(method === '_OTHER' ? 'HTTP' : method, {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': method,
        ...(method === '_OTHER' ? { 'http.request.method_original': request.method } : {}),
        'url.scheme': request.scheme,
        'url.path': request.path,
        'server.address': request.authority.replace(/:\d*$/, ''),
        'client.address': request.remoteAddress,
        'client.port': request.remotePort,
        'network.protocol.version': request.httpVersion,
        'user_agent.original': request.header('user-agent'),
      },
    }, caller);
    const own = trace.setSpan(caller, span);
    traces.set(request, { span, context: own });
    return own;
  });

  on('longwire.error', ({ error, request }) => {
    const traced = request && traces.get(request);
    if (!traced?.span.isRecording()) return;
    traced.errorType = error instanceof ProtocolError ? error.code : error instanceof Error ? error.name : typeof error;
    traced.span.recordException(error instanceof Error ? error : String(error));
  });

  on('longwire.response', ({ request, status, isComplete }) => {
    const traced = traces.get(request);
    if (!traced) return; // it began before we listened
    const { span, errorType } = traced;
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    if (!isComplete) fail(span, errorType ?? 'aborted');
    else if (status !== undefined && status >= 500) fail(span, errorType ?? String(status));
    span.end();
  });

  // Its request is over with the 101; what follows belongs to a span of its own.
  on('longwire.channel.opened', ({ channel, request }) => {
    const traced = traces.get(request);
    if (!traced || !channel.isWebSocket) return;
    const span = tracer.startSpan('WebSocket', { kind: SpanKind.SERVER, attributes: { 'url.path': request.path } }, traced.context);
    traces.set(request, { span, context: traced.context });
  });

  on('longwire.channel.closed', ({ channel, request, status, detail }) => {
    const traced = traces.get(request);
    if (!traced || !channel.isWebSocket) return;
    traced.span.setAttributes({ 'websocket.close.code': detail.code, 'websocket.close.by': detail.by });
    if (status === 'abnormal' || traced.errorType !== undefined) fail(traced.span, traced.errorType ?? status);
    traced.span.end();
  });
}

function on<N extends keyof DiagnosticsEvents>(name: N, fn: (event: DiagnosticsEvents[N]) => void): void {
  subscribe(name, (event) => fn(event as DiagnosticsEvents[N]));
}

function fail(span: Span, errorType: string): void {
  span.setAttribute('error.type', errorType);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** OpenTelemetry keeps its context in an AsyncLocalStorage, and has no public way to it yet (open-telemetry/opentelemetry-js#6088). */
function storageOf(manager: AsyncLocalStorageContextManager): AsyncLocalStorage<unknown> {
  const storage: unknown = Reflect.get(manager, '_asyncLocalStorage');
  if (!(storage instanceof AsyncLocalStorage)) throw new Error('this version of @opentelemetry/context-async-hooks keeps its context elsewhere');
  return storage;
}

export function start(options: ServerOptions = {}, exporter: SpanExporter = new ConsoleSpanExporter()): Promise<Server> {
  const manager = new AsyncLocalStorageContextManager();
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  traceServers(manager);

  const tracer = trace.getTracer('example');
  return runServer(async (request) => {
    if (request.isWebSocketUpgrade) return asChannel(request, { onReceive: (channel, message) => channel.send(message) });
    const text = await tracer.startActiveSpan('read the body', async (span) => {
      try {
        return await request.text();
      } finally {
        span.end();
      }
    });
    trace.getActiveSpan()?.setAttribute('app.characters', text.length); // still the request's, behind the await
    if (request.path === '/fail') throw new RangeError('on purpose');
    return `hello, ${text}\n`;
  }, { host: '127.0.0.1', port: 9090, ...options });
}

if (process.argv[1] === import.meta.filename) console.log((await start({ port: Number(process.env['PORT'] ?? 9090) })).url);
