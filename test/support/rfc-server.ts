/** One server for many cases: each connection has a handler of its own, and a record of what became of its requests. */

import type { Handler, HandlerResult, HttpRequest, ServerOptions } from 'longwire';
import { LongwireServer } from '#src/server.js';
import { FakeClock } from './clock.js';

/** The request that is sent behind those of a case, and the body it is answered with. */
export const FURTHER_REQUEST = 'GET /further-request HTTP/1.1\r\nHost: further\r\n\r\n';
export const FURTHER_ANSWER = 'the further request was served';

/** What one connection asked, and what went wrong. */
export class Session {
  readonly handler: Handler;
  /** The requests that reached the handler. */
  readonly requests: HttpRequest[] = [];
  isFurtherServed = false;
  /** What `onClientError` heard. */
  readonly clientErrors: string[] = [];
  /** What `onError` heard. */
  readonly errors: unknown[] = [];

  constructor(handler: Handler) {
    this.handler = handler;
  }

  serve(request: HttpRequest): HandlerResult | Promise<HandlerResult> {
    if (request.url === '/further-request') {
      this.isFurtherServed = true;
      return { headers: { 'Content-Type': 'text/plain' }, body: FURTHER_ANSWER };
    }
    this.requests.push(request);
    return this.handler(request);
  }
}

/** Its clock stands still: no deadline is ever in the way of a slow machine. */
export class RfcServer {
  readonly #sessions = new Map<number, Session>();
  readonly #server: LongwireServer;

  constructor(options: ServerOptions = {}) {
    const common: ServerOptions = {
      host: '127.0.0.1',
      port: 0,
      onError: (error, request) => void this.#of(request?.remotePort ?? 0).errors.push(error),
      onClientError: (error, { remotePort }) => void this.#of(remotePort).clientErrors.push(error.code),
    };
    this.#server = new LongwireServer((request) => this.#of(request.remotePort).serve(request), { ...common, ...options }, new FakeClock());
  }

  async start(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop({ timeoutMs: 0 });
  }

  get port(): number {
    return this.#server.port;
  }

  /** Says what serves the connection of a client with this port, before it sends. */
  expect(clientPort: number, handler: Handler): Session {
    const session = new Session(handler);
    this.#sessions.set(clientPort, session);
    return session;
  }

  #of(clientPort: number): Session {
    const session = this.#sessions.get(clientPort);
    if (session === undefined) throw new Error(`nobody expects a connection from port ${clientPort}`);
    return session;
  }
}
