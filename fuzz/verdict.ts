/** What a server makes of the bytes of one connection, as plain data: the requests that it delivers, and how it ended. */

/** A request as the application gets it. Bytes are latin1 text. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly isHttp10: boolean;
  /** Names and values in turn, as sent; trailers too. */
  readonly fields: readonly string[];
  /** What was delivered of the body. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** Whether the end of the message was reached. */
  readonly isComplete: boolean;
}

export interface Verdict {
  readonly requests: readonly SeenRequest[];
  /**
   * `open`: more requests, or the rest of one, may come. `closed`: what stands behind is not read, because the last request said so
   * or may have turned the connection into something else. Else the code of the rule that was broken.
   */
  readonly ending: string;
}

export function isRefused(verdict: Verdict): boolean {
  return verdict.ending !== 'open' && verdict.ending !== 'closed';
}
