/**
 * The async context (AsyncLocalStorage) in which a server was made. What a connection begins by itself, such as the next of several
 * pipelined requests, runs there, and not in the context of whoever happened to end what was before it.
 */

import { AsyncResource } from 'node:async_hooks';

export class HomeContext {
  readonly #resource = new AsyncResource('longwire.server', { requireManualDestroy: true });

  run<T>(fn: (this: T) => void, self: T): void {
    this.#resource.runInAsyncScope(fn, self);
  }
}
