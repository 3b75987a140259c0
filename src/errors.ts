/**
 * The two errors of Longwire. `ProtocolError`: the peer broke a rule. `UsageError`: our caller did.
 * A closed channel is neither: `send` and `close` answer `false`.
 */

/** Thrown at the call that was wrong, with a message that says what to do. Never caused by a peer. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What one rule owes the peer that breaks it. */
export interface ErrorSpec {
  /** The status an HTTP peer is answered with; absent where no answer can reach it. */
  readonly status?: number;
  /** The close code a WebSocket peer is answered with (RFC 6455 §7.4.1). */
  readonly close?: number;
  /** Where the rule stands. */
  readonly rfc: string;
  /** The rule, in words. Bytes of the peer never enter it. */
  readonly message: string;
}

/** A peer broke a rule. The application meets it in `onClientError`, as the rejection of a body it reads, and as the reason of a request's `signal`. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** The rule's name, such as `HTTP_BAD_CHUNK_SIZE`. */
  readonly code: string;
  /** The status owed over HTTP; `undefined` where the client has left and nothing can be answered. */
  readonly status: number | undefined;
  /** The close code owed over WebSocket. */
  readonly closeCode: number | undefined;
  /** The section of the RFC that holds the rule. */
  readonly rfc: string;

  constructor(code: string, spec: ErrorSpec) {
    super(spec.message);
    this.code = code;
    this.status = spec.status;
    this.closeCode = spec.close;
    this.rfc = spec.rfc;
  }
}
