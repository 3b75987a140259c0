/**
 * The async context (AsyncLocalStorage) in which a server was made. What a connection begins by itself, such as the handler of the next
 * of several pipelined requests, runs there, and not in the context of whoever happened to end what was before it.
 */

import { AsyncResource } from 'node:async_hooks';
import type { HomeScope } from './protocol.js';

export class HomeContext {
  readonly #resource = new AsyncResource('longwire.server', { requireManualDestroy: true });

  /** Calls `fn` there. What it enters for the rest of a call before Node 24 would stay: it must be our own. */
  run(fn: () => void): void {
    this.#resource.runInAsyncScope(fn);
  }

  /**
   * A scope for one connection. Before Node 24 a scope keeps what is entered in it for the rest of a call (`enterWith`): from a common one, all
   * other connections would find it.
   */
  makeScope(): HomeScope {
    return this.#resource.runInAsyncScope(makeScope);
  }
}

function makeScope(): HomeScope {
  return new AsyncResource('longwire.connection', { requireManualDestroy: true });
}
