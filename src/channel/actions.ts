/** What each action of the transition table makes an outlet do. The table decides; here nothing is decided. */

import type { HttpResponse, ServerSentEvent } from '../http/contract.js';
import type { Message } from './contract.js';
import type { Answer, EventStreamHead, HttpOutlet, StreamedBody, WebSocketOutlet } from './outlet.js';
import { bodyOf } from './outgoing.js';
import type { SharedMessage } from './shared-message.js';
import type { ChannelAction } from './states.js';

/** What an event brings along for the action that follows from it. */
export interface Cargo {
  readonly data?: Answer | undefined;
  readonly event?: ServerSentEvent;
  readonly shared?: SharedMessage | undefined;
  /** Whether a message is sent as it is, and not compressed. */
  readonly asIs?: boolean | undefined;
  /** Whether more was to follow a response that can have no body. */
  readonly isHeadAlone?: boolean;
  /** The head of an event stream. */
  readonly head?: EventStreamHead;
  /** The status of a response that says nothing else. */
  readonly status?: number;
  readonly code?: number | undefined;
  readonly reason?: string;
}

export type HttpAction = 'begin' | 'whole' | 'body' | 'chunk' | 'chunkLast' | 'beginEvents' | 'event' | 'eventLast' | 'last' | 'cut';
export type SocketAction = Exclude<ChannelAction, HttpAction | 'accept'>;

/** Acts on a response, of which `isFirst` says that nothing was sent; false where what was ended is not whole. */
export function actOnResponse(action: HttpAction, outlet: HttpOutlet, isFirst: boolean, cargo: Cargo): boolean {
  const data = cargo.data!;
  switch (action) {
    case 'begin':
      outlet.begin(data);
      return true;
    case 'whole':
      answer(outlet, cargo);
      return true;
    case 'body':
      outlet.body(bodyOf(data) as StreamedBody, isFirst ? (data as HttpResponse) : undefined);
      return true;
    case 'chunk':
      outlet.chunk(pieceOf(data), cargo.shared);
      return true;
    case 'chunkLast':
      return outlet.chunkLast(pieceOf(data));
    case 'beginEvents':
      cargo.head!.write();
      return true;
    case 'event':
      outlet.event(cargo.event!, cargo.shared);
      return true;
    case 'eventLast':
      outlet.event(cargo.event!);
      return outlet.last();
    case 'last':
      return outlet.last();
    case 'cut':
      outlet.cut();
      return true;
  }
}

/** Acts on a WebSocket. */
export function actOnSocket(action: SocketAction, outlet: WebSocketOutlet, { data, asIs, code, reason = '' }: Cargo): void {
  switch (action) {
    case 'message':
      return outlet.message(data as Message, undefined, asIs);
    case 'messageClose':
      outlet.message(data as Message, undefined, asIs);
      return outlet.closeFrame(1000, '');
    case 'closeFrame':
      return outlet.closeFrame(code!, reason);
    case 'failFrame':
      return outlet.failFrame(code!, reason);
    case 'closeReply':
      return outlet.closeReply(code);
  }
}

function answer(outlet: HttpOutlet, { data, status, head, isHeadAlone }: Cargo): void {
  if (status !== undefined) outlet.error(status);
  else if (head !== undefined) head.write();
  else if (isHeadAlone === true) outlet.headAlone(data!);
  else outlet.whole(data);
}

/** The piece of a stream; later status and headers do not count. */
function pieceOf(data: Answer): Message {
  return (bodyOf(data) as Message | null | undefined) ?? '';
}
