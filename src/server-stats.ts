/** The numbers of a server, and of many as those of one. */

import { Counters } from './counters.js';

/** What a server counted since it started; sizes are bytes. What is `open` or `buffered` is so now. */
export interface ServerStats {
  /**
   * Those refused, at `maxConnections` and `maxConnectionsPerAddress`, are among the total, and open until they have closed. What is in
   * its TLS handshake is not open yet, but has its place among `maxConnections`.
   */
  readonly connections: { readonly open: number; readonly total: number; readonly refused: number };
  readonly requests: number;
  readonly responses: { readonly '1xx': number; readonly '2xx': number; readonly '3xx': number; readonly '4xx': number; readonly '5xx': number };
  /** Of every kind, WebSockets among them. */
  readonly channels: { readonly open: number };
  readonly webSockets: { readonly open: number; readonly total: number };
  readonly eventStreams: { readonly open: number };
  /** Open WebSockets that agreed on compression, and what they keep of the messages before, to refer back to. */
  readonly compression: { readonly webSockets: number; readonly contextBytes: number };
  /** Of WebSockets, and out the events of event streams. */
  readonly messages: { readonly in: number; readonly out: number };
  readonly bytes: { readonly in: number; readonly out: number; readonly buffered: number };
  /** What was sent or received and not delivered: at the outbound cap, or behind a close that could wait no longer. */
  readonly drops: number;
  /** How often reading from a connection was paused for a slower consumer. */
  readonly pauses: number;
  /** Errors of clients and of the network, by code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** What was counted, with the connections that are open and the bytes that wait in them. */
export function statsOf(counters: Counters, open: number, buffered: number): ServerStats {
  const [, r1 = 0, r2 = 0, r3 = 0, r4 = 0, r5 = 0] = counters.responses;
  return {
    connections: { open, total: counters.connectionsTotal, refused: counters.connectionsRefused },
    requests: counters.requests,
    responses: { '1xx': r1, '2xx': r2, '3xx': r3, '4xx': r4, '5xx': r5 },
    channels: { open: counters.channelsOpen },
    webSockets: { open: counters.webSocketsOpen, total: counters.webSocketsTotal },
    eventStreams: { open: counters.eventStreamsOpen },
    compression: { webSockets: counters.compressing, contextBytes: counters.contextBytes },
    messages: { in: counters.messagesIn, out: counters.messagesOut },
    bytes: { in: counters.bytesIn, out: counters.bytesOut, buffered },
    drops: counters.drops,
    pauses: counters.pauses,
    errors: counters.errors(),
  };
}

const NOTHING = statsOf(new Counters(), 0, 0);

/** The numbers of all together. */
export function sumOf(all: readonly ServerStats[]): ServerStats {
  return all.reduce((sum, each) => add(sum, each), NOTHING);
}

/** What is left of the numbers of a server that is no more: nothing of it is open. */
export function withoutOpen(stats: ServerStats): ServerStats {
  const { connections, webSockets, bytes } = stats;
  const { channels, eventStreams, compression } = NOTHING;
  return { ...stats, channels, eventStreams, compression, connections: { ...connections, open: 0 }, webSockets: { ...webSockets, open: 0 }, bytes: { ...bytes, buffered: 0 } };
}

/** Adds up numbers by name, however deep; errors have names that only one of both may know. */
function add<T extends object>(a: T, b: T): T {
  const sum = { ...a } as Record<string, unknown>;
  for (const [name, value] of Object.entries(b)) {
    const other = sum[name];
    sum[name] = typeof value === 'number' ? value + (typeof other === 'number' ? other : 0) : add(other as object, value as object);
  }
  return sum as T;
}
