/** A server for one test, stopped when the test is over, whatever became of it. */

import type { TestContext } from 'node:test';
import type { Handler, ServerOptions } from 'longwire';
import type { Clock } from '#src/net/deadlines.js';
import { LongwireServer } from '#src/server.js';

export interface TestServer {
  readonly server: LongwireServer;
  readonly port: number;
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The same for WebSocket. */
  readonly wsUrl: string;
  /** What the server reported to `onError`. */
  readonly errors: unknown[];
}

/** Starts a server on a free port of 127.0.0.1. Errors of the handler are collected, not printed. */
export async function startServer(t: TestContext, handler: Handler, options: ServerOptions = {}, clock?: Clock): Promise<TestServer> {
  const errors: unknown[] = [];
  const server = new LongwireServer(handler, { host: '127.0.0.1', port: 0, onError: (error) => errors.push(error), ...options }, clock);
  await server.start();
  t.after(() => server.stop({ timeoutMs: 0 }));
  return { server, port: server.port, url: server.url, wsUrl: server.url.replace(/^http/, 'ws'), errors };
}
