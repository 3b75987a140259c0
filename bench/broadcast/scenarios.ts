/** Groups that are measured: how many members they have, how these are connected, how long messages are, and who else has such a group. */

import type { ServerName } from '../servers.js';
import type { Dialect, GroupTrafficSpec, MemberKind } from '../traffic.js';

export const MEMBERS = [1, 100, 1000, 5000] as const;
export const MESSAGE_BYTES = [128, 4096] as const;

/** One line of the charts: a server with members of a kind. */
export interface Entry {
  readonly name: string;
  readonly title: string;
  readonly server: ServerName;
  readonly members: readonly MemberKind[];
  readonly dialect?: Dialect;
  /** The entry of ours that it stands beside. */
  readonly beside?: string;
}

const EVERY_KIND = ['websocket', 'event-stream', 'stream', 'poll'] as const;

export const ENTRIES: readonly Entry[] = [
  { name: 'websocket', title: 'WebSockets', server: 'longwire', members: ['websocket'] },
  { name: 'event-stream', title: 'event streams', server: 'longwire', members: ['event-stream'] },
  { name: 'stream', title: 'plain streams', server: 'longwire', members: ['stream'] },
  { name: 'poll', title: 'long polls, each asked anew', server: 'longwire', members: ['poll'] },
  { name: 'mixed', title: 'a quarter of each', server: 'longwire', members: EVERY_KIND },
  { name: 'ws', title: 'ws: WebSockets in a loop', server: 'ws', members: ['websocket'], beside: 'websocket' },
  { name: 'socket.io', title: 'socket.io: WebSockets in a room', server: 'socket.io', members: ['websocket'], dialect: 'socket.io', beside: 'websocket' },
  { name: 'bun', title: 'Bun: WebSockets, published', server: 'bun', members: ['websocket'], beside: 'websocket' },
  { name: 'node-event-stream', title: 'node:http: event streams in a loop', server: 'node:http', members: ['event-stream'], beside: 'event-stream' },
  { name: 'node-stream', title: 'node:http: plain streams in a loop', server: 'node:http', members: ['stream'], beside: 'stream' },
];

/** A mixed group has one member of each kind at least. */
export function sizesOf({ members }: Entry): number[] {
  return MEMBERS.filter((count) => count >= members.length);
}

/** One message a turn. */
export function trafficOfEntry({ members, dialect }: Entry, messageBytes: number): GroupTrafficSpec {
  return { members, messages: 1, messageBytes, ...(dialect === undefined ? {} : { dialect }) };
}

/** Messages that are published in one process and reach WebSockets in another. */
export interface RedisScenario {
  readonly name: string;
  readonly title: string;
  /** `none`: both are one process, which shows what the rest adds. */
  readonly over: 'none' | 'channels' | 'streams';
  readonly members: number;
  /** Published in one turn. */
  readonly messages: number;
}

const OVER = { none: 'one process, no Redis', channels: 'two processes, without history', streams: 'two processes, with history' } as const;

export const REDIS_SCENARIOS: readonly RedisScenario[] = [[1, 1], [100, 1], [1000, 1], [100, 16]].flatMap(([members, messages]) =>
  (['none', 'channels', 'streams'] as const).map((over) => ({ name: `redis-${over}-${members}-${messages}`, title: OVER[over], over, members: members!, messages: messages! })),
);
