/** What the primary of a cluster and one of its workers say to each other. Every message is wrapped, to be told apart from those of the application. */

import type { SecureContextOptions } from 'node:tls';
import type { FromRelay, ToRelay } from './cluster/bus-messages.js';
import type { ErrorReport } from './cluster/error-report.js';
import type { ListenPlace } from './net/listen.js';
import type { ServerOptions } from './options.js';
import type { StopResult } from './server.js';
import type { ServerStats } from './server-stats.js';

/** `call` names what the worker answers. */
export type ToWorker =
  | { readonly type: 'start'; readonly module: string; readonly options: ServerOptions; readonly secureContext: SecureContextOptions | undefined }
  /** Its answer to `ready`: the port that all workers listen on. */
  | { readonly type: 'listen'; readonly port: number }
  | { readonly type: 'stop'; readonly timeoutMs: number }
  | { readonly type: 'stats'; readonly call: number }
  | { readonly type: 'setSecureContext'; readonly call: number; readonly options: SecureContextOptions }
  | { readonly type: 'bus'; readonly packet: readonly FromRelay[] };

export type ToPrimary =
  /** It hears from now on. Until its program is loaded, what is sent to a worker is lost. */
  | { readonly type: 'hello' }
  /** The handler's module is loaded, and its options are known. */
  | { readonly type: 'ready'; readonly place: ListenPlace }
  | { readonly type: 'listening'; readonly port: number; readonly url: string }
  /** It cannot serve, and ends. */
  | { readonly type: 'failed'; readonly error: ErrorReport }
  | { readonly type: 'answer'; readonly call: number; readonly stats: ServerStats | undefined; readonly error: ErrorReport | undefined }
  | { readonly type: 'stopped'; readonly result: StopResult; readonly stats: ServerStats }
  | { readonly type: 'bus'; readonly packet: readonly ToRelay[] };

/** A message as it is sent. */
export interface Wrapped<M> {
  readonly longwire: M;
}

/** The message, if it is one of ours. */
export function unwrap<M extends ToWorker | ToPrimary>(message: unknown): M | undefined {
  return typeof message === 'object' && message !== null && 'longwire' in message ? (message as Wrapped<M>).longwire : undefined;
}
