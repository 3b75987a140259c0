/**
 * The async context (AsyncLocalStorage) in which a server was made. What a connection begins by itself, such as the handler of the next
 * of several pipelined requests, runs there, and not in the context of whoever happened to end what was before it.
 */

import { AsyncResource } from 'node:async_hooks';
import type { HomeScope } from './protocol.js';

export class HomeContext {
  readonly #resource = new AsyncResource('longwire.server', { requireManualDestroy: true });

  /** Calls `fn` there with `argument`. It must be our own, since before Node 24 what it enters for the rest of a call (`enterWith`) would stay. */
  run<A>(fn: (argument: A) => void, argument: A): void {
    this.#resource.runInAsyncScope(fn, undefined, argument);
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
