/**
 * The functions that the application has set on a channel, and how they are called: in the async context (AsyncLocalStorage) in which
 * the channel was taken, with what they throw or reject with reported, and nothing thrown back at the caller.
 */

import { AsyncResource } from 'node:async_hooks';
import { UsageError } from '../errors.js';
import { isThenable } from '../thenable.js';
import type { CloseDetail, CloseStatus } from './close-status.js';
import type { Channel, Message } from './contract.js';

/** Whose callbacks they are. */
interface CallbackOwner<Data> extends Channel<Data> {
  /** Hears of what a callback throws or rejects with. */
  callbackFailed(error: unknown): void;
}

/** How they are called: with the channel, so that all channels can share the handlers they were taken with. */
interface Callback<Data> {
  receive(channel: Channel<Data>, message: Message): unknown;
  ping(channel: Channel<Data>, data: Uint8Array): unknown;
  drain(channel: Channel<Data>): unknown;
  close(channel: Channel<Data>, status: CloseStatus, detail: CloseDetail): unknown;
}

/** A resource of its own, and not one beside it: every idle channel has one. */
export class Callbacks<Data> extends AsyncResource {
  receive: Callback<Data>['receive'] | undefined;
  ping: Callback<Data>['ping'] | undefined;
  pong: Callback<Data>['ping'] | undefined;
  drain: Callback<Data>['drain'] | undefined;
  close: Callback<Data>['close'] | undefined;
  readonly #channel: CallbackOwner<Data>;

  constructor(channel: CallbackOwner<Data>) {
    super('longwire.channel', { requireManualDestroy: true });
    this.#channel = channel;
  }

  /** Runs `fn` in the context. */
  run<T>(fn: (this: T) => void, self: T): void {
    this.runInAsyncScope(fn, self);
  }

  /** Calls a function in the context. */
  call<A extends unknown[]>(fn: ((...args: A) => unknown) | undefined, ...args: A): void {
    if (fn !== undefined) this.runInAsyncScope(() => void this.#guarded(() => fn(...args)));
  }

  /** Hands a message to `receive`, within `run`; a promise is to be awaited before the next, and does not reject. */
  handle(message: Message): PromiseLike<void> | undefined {
    try {
      return this.#settled(this.receive!(this.#channel, message));
    } catch (error) {
      this.#channel.callbackFailed(error);
      return undefined;
    }
  }

  #guarded(fn: () => unknown): void {
    try {
      void this.#settled(fn());
    } catch (error) {
      this.#channel.callbackFailed(error);
    }
  }

  /** What follows a callback: a promise is passed on so that it never rejects. What only looks like one is made one. */
  #settled(result: unknown): PromiseLike<void> | undefined {
    if (!isThenable(result)) return undefined;
    return Promise.resolve(result).then(
      () => undefined,
      (error: unknown) => this.#channel.callbackFailed(error),
    );
  }
}

/** The function itself; a `UsageError` for what is none. */
export function checkFunction<F>(fn: F, name: string): F {
  if (typeof fn !== 'function') throw new UsageError(`${name} takes a function, not ${typeof fn}`);
  return fn;
}
