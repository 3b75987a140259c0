/** What the parser finds in the bytes of a connection, in order: a head, then pieces of its body, then its end. */

import type { FieldLines } from './headers.js';

/** Where the body of a request ends. */
export type BodyFraming = { readonly kind: 'none' } | { readonly kind: 'length'; readonly length: number } | { readonly kind: 'chunked' };

/** A complete head. Immutable: everything that changes during a request stands elsewhere. */
export interface RequestHead {
  readonly type: 'head';
  readonly method: string;
  readonly target: string;
  readonly isHttp10: boolean;
  readonly fields: FieldLines;
  readonly framing: BodyFraming;
  readonly keepsAlive: boolean;
  readonly expectsContinue: boolean;
  readonly isWebSocketUpgrade: boolean;
}

/** A piece of a body: a view of what was received. */
export interface BodyPiece {
  readonly type: 'data';
  readonly bytes: Uint8Array;
}

/** The end of a message; it comes behind every head. */
export interface MessageEnd {
  readonly type: 'end';
  readonly trailers: FieldLines;
}

/** What `HttpParser.next` finds. */
export type HttpEvent = RequestHead | BodyPiece | MessageEnd;
