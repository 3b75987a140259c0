/**
 * What Longwire makes of bytes: its parser's events, and of its driver the one decision that belongs to them, which is that
 * nothing is read behind a request that closes the connection, asks for a tunnel or switches to WebSocket.
 */

import { ProtocolError } from '#src/errors.js';
import type { HttpEvent, RequestHead } from '#src/http/events.js';
import { HttpParser } from '#src/http/parser.js';
import { LIMITS } from '../test/support/http-events.js';
import type { SeenRequest, Verdict } from './verdict.js';

export interface LongwireVerdict extends Verdict {
  /** Where each of its requests begins, with the empty lines ahead of it; then where the first one begins that it did not complete. */
  readonly starts: readonly number[];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export function longwireVerdict(bytes: Uint8Array): LongwireVerdict {
  const parser = new HttpParser(LIMITS);
  const requests: Mutable<SeenRequest>[] = [];
  const starts = [0];
  const verdict = (ending: string): LongwireVerdict => ({ requests, starts, ending });
  parser.push(Uint8Array.from(bytes));
  try {
    let head: RequestHead | undefined;
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      note(requests, event);
      if (event.type === 'head') head = event;
      if (event.type !== 'end') continue;
      starts.push(bytes.length - parser.bufferedBytes);
      if (!staysHttp(head!)) return verdict('closed');
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return verdict(error.code);
  }
  return verdict('open');
}

function staysHttp(head: RequestHead): boolean {
  return head.keepsAlive && !head.isWebSocketUpgrade && head.method !== 'CONNECT';
}

function note(requests: Mutable<SeenRequest>[], event: HttpEvent): void {
  const request = requests.at(-1)!;
  switch (event.type) {
    case 'head': {
      const { method, target, isHttp10, fields } = event;
      requests.push({ method, target, isHttp10, fields: fields.toArray(), body: '', trailers: [], isComplete: false });
      return;
    }
    case 'data':
      request.body += Buffer.from(event.bytes).toString('latin1');
      return;
    case 'end':
      request.trailers = event.trailers.toArray();
      request.isComplete = true;
  }
}
