/**
 * The whole life of a channel as one table: what each event does in each state. Absent means refused: the caller gets `false`
 * and nothing is written. Poll, stream, event stream and WebSocket are paths through it; code only looks it up.
 */

export type ChannelState = 'pending' | 'streaming' | 'emitting' | 'finishing' | 'open' | 'closing' | 'closed';

/** What can happen to a channel. */
export type ChannelEvent =
  | 'send' // a piece or a message, with more to come
  | 'sendLast' // the last one
  | 'sendBody' // a body that streams by itself and ends the response
  | 'bodyEnd'
  | 'bodyFail'
  | 'close'
  | 'beginEvents' // the head of an event stream
  | 'accept' // the WebSocket handshake
  | 'peerClose' // the peer's Close frame
  | 'fail' // the peer broke a rule, or cannot keep up
  | 'abort'; // the connection is lost, or must be

/** What the outlet is made to do. */
export type ChannelAction =
  | 'begin'
  | 'whole'
  | 'body'
  | 'chunk'
  | 'chunkLast'
  | 'beginEvents'
  | 'event'
  | 'eventLast'
  | 'last'
  | 'cut'
  | 'accept'
  | 'message'
  | 'messageClose'
  | 'closeFrame'
  | 'closeReply'
  | 'failFrame';

/** Where an event leads, and what the outlet is made to do on the way. */
export type ChannelStep = readonly [next: ChannelState, action?: ChannelAction];
export type ChannelTable = { readonly [S in ChannelState]: { readonly [E in ChannelEvent]?: ChannelStep } };

/** What each event does in each state. */
export const CHANNEL_STEPS = {
  pending: {
    send: ['streaming', 'begin'],
    sendLast: ['closed', 'whole'],
    sendBody: ['finishing', 'body'],
    close: ['closed', 'whole'],
    beginEvents: ['emitting', 'beginEvents'],
    accept: ['open', 'accept'],
    abort: ['closed', 'cut'],
  },
  streaming: {
    send: ['streaming', 'chunk'],
    sendLast: ['closed', 'chunkLast'],
    sendBody: ['finishing', 'body'],
    close: ['closed', 'last'],
    abort: ['closed', 'cut'],
  },
  emitting: {
    send: ['emitting', 'event'],
    sendLast: ['closed', 'eventLast'],
    close: ['closed', 'last'],
    abort: ['closed', 'cut'],
  },
  finishing: {
    bodyEnd: ['closed', 'last'],
    bodyFail: ['closed', 'cut'],
    abort: ['closed', 'cut'],
  },
  open: {
    send: ['open', 'message'],
    sendLast: ['closing', 'messageClose'],
    close: ['closing', 'closeFrame'],
    peerClose: ['closed', 'closeReply'],
    fail: ['closed', 'failFrame'],
    abort: ['closed'],
  },
  closing: {
    peerClose: ['closed'],
    fail: ['closed'],
    abort: ['closed'],
  },
  closed: {},
} as const satisfies ChannelTable;

/** What `event` does in `state`; `undefined` where it is refused. */
export function stepOf(state: ChannelState, event: ChannelEvent): ChannelStep | undefined {
  return (CHANNEL_STEPS as ChannelTable)[state][event];
}

/** Whether something can still be sent. */
export function isOpenState(state: ChannelState): boolean {
  return state === 'pending' || state === 'streaming' || state === 'emitting' || state === 'open';
}
