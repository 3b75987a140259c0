/** What is measured: each workload with its load, what it is compared with, and the least it must reach. */

import type { ServerName, ServerTask } from './servers.js';
import type { TrafficSpec } from './traffic.js';

/** The program that makes the load. `wrk` is stood in for by `raw` where it is not installed. */
export type LoadName = 'wrk' | 'autocannon' | 'raw' | 'rounds' | 'connections';

export interface Contestant extends ServerTask {
  readonly server: ServerName;
  /** What it is sent instead of the row's traffic, where its protocol wraps messages. */
  readonly traffic?: TrafficSpec;
}

/** The least that is asked of a row. */
export interface Floor {
  /** The CPU time of whom it is compared with over ours; holds on Node 20. */
  readonly ratio?: number;
  /** The CPU time of the limit over ours. */
  readonly limitShare?: number;
}

export interface Workload {
  /** What `--only` looks for, unique. */
  readonly name: string;
  readonly title: string;
  readonly chart: 'http' | 'websocket';
  readonly load: LoadName;
  readonly traffic: TrafficSpec;
  readonly connections: number;
  readonly inFlight: number;
  readonly ours: ServerTask;
  /** Whom it is compared with. */
  readonly against: Contestant;
  /** Who else is measured, for information. */
  readonly others: readonly Contestant[];
  readonly floor?: Floor;
}

const CONNECTIONS = 50;
/** Where messages are large, more would only wait in memory. */
const FEW_CONNECTIONS = 10;

/** Where a row reaches this share of the limit, it is met whatever its ratio. */
export const LIMIT_SHARE = 0.92;

const HTTP = { kind: 'http', head: 'plain', bodyBytes: 0, expect: 'hello' } as const satisfies TrafficSpec;

interface HttpRow extends Partial<Omit<Workload, 'chart'>> {
  readonly name: string;
  readonly title: string;
  readonly application?: string;
}

/** A row against node:http, unless it says otherwise. */
function http({ application = 'hello', ...row }: HttpRow): Workload {
  return {
    chart: 'http',
    load: 'wrk',
    traffic: HTTP,
    connections: CONNECTIONS,
    inFlight: 1,
    ours: { application },
    against: { server: 'node:http', application },
    others: [],
    ...row,
  };
}

const also = (application: string, ...servers: readonly ServerName[]): Contestant[] => servers.map((server) => ({ server, application }));

const HTTP_ROWS: readonly Workload[] = [
  http({ name: 'hello', title: 'hello, one request a read', floor: { ratio: 1.4, limitShare: LIMIT_SHARE }, others: also('hello', 'uWebSockets.js', 'bun', 'deno', 'fastify', 'hono') }),
  http({ name: 'browser', title: 'a browser’s head of 14 lines, the same each time', traffic: { ...HTTP, head: 'browser' }, floor: { ratio: 1.5 } }),
  http({ name: 'differing', title: 'a browser’s head, target and cookie different each time', traffic: { ...HTTP, head: 'differing' }, floor: { ratio: 1.2 } }),
  http({ name: 'pipelined', title: 'hello, 16 pipelined', load: 'raw', inFlight: 16, floor: { ratio: 10 }, others: also('hello', 'uWebSockets.js', 'bun', 'deno') }),
  http({ name: 'async', title: 'hello from an async handler, 16 pipelined', application: 'hello-async', load: 'raw', inFlight: 16, against: { server: 'longwire', application: 'hello' }, floor: { ratio: 0.8 } }),
  http({ name: 'wrk-16', title: 'hello, 16 pipelined by wrk', inFlight: 16 }),
  http({ name: 'autocannon-1', title: 'hello, by autocannon', load: 'autocannon' }),
  http({ name: 'autocannon-16', title: 'hello, 16 pipelined by autocannon', load: 'autocannon', inFlight: 16 }),
  http({ name: 'post-1k', title: 'POST of 1 KiB, sent back', application: 'post', load: 'raw', traffic: { ...HTTP, bodyBytes: 1024, expect: 'body' }, floor: { ratio: 2 }, others: also('post', 'fastify', 'hono', 'bun') }),
  http({ name: 'post-64k', title: 'POST of 64 KiB, sent back', application: 'post', load: 'raw', traffic: { ...HTTP, bodyBytes: 65_536, expect: 'body' }, connections: FEW_CONNECTIONS, floor: { ratio: 1.5 }, others: also('post', 'longwire, trimmed') }),
  http({ name: 'chunked-1m', title: 'a response of 1 MiB, chunked', application: 'download', load: 'raw', traffic: { ...HTTP, expect: 'download' }, connections: FEW_CONNECTIONS, floor: { ratio: 1 } }),
  http({ name: 'poll', title: 'a long poll, completed by an event', load: 'rounds', ours: { application: 'poll', waiting: CONNECTIONS }, against: { server: 'node:http', application: 'poll', waiting: CONNECTIONS } }),
  http({ name: 'connection', title: 'a connection for each request', load: 'connections', traffic: { ...HTTP, closes: true }, floor: { limitShare: LIMIT_SHARE } }),
];

interface EchoRow {
  readonly name: string;
  readonly size: string;
  readonly bytes: number;
  /** The ratios to reach with one in flight, and with sixteen. */
  readonly floors: readonly [number, number];
}

const ECHO_SIZES: readonly EchoRow[] = [
  { name: '64', size: '64 B', bytes: 64, floors: [1.15, 8] },
  { name: '1k', size: '1 KiB', bytes: 1024, floors: [1.15, 5] },
  { name: '64k', size: '64 KiB', bytes: 65_536, floors: [1, 1] },
  { name: '1m', size: '1 MiB', bytes: 1_048_576, floors: [1, 1] },
];

function echoOthers(bytes: number, type: 'text' | 'binary', inFlight: number, application: string): Contestant[] {
  if (bytes === 65_536 && type === 'binary' && inFlight === 16) return also(application, 'longwire, trimmed');
  if (bytes !== 64 || type !== 'text') return [];
  const traffic = { kind: 'websocket', type, messageBytes: bytes, dialect: 'socket.io' } as const;
  return [...also(application, 'uWebSockets.js', 'bun', 'deno'), { server: 'socket.io', application, traffic }];
}

/** An echo in four kinds: text and binary, one and sixteen in flight. */
function echoRows({ name, size, bytes, floors }: EchoRow): Workload[] {
  const isLarge = bytes > 4096;
  const application = isLarge ? 'echo-large' : 'echo';
  return (['text', 'binary'] as const).flatMap((type) =>
    ([1, 16] as const).map((inFlight, i): Workload => {
      const traffic = { kind: 'websocket', type, messageBytes: bytes } as const;
      return {
        name: `echo-${name}-${type}-${inFlight}`,
        title: `WebSocket echo of ${size}, ${type}, ${inFlight === 1 ? 'one' : 'sixteen'} in flight`,
        chart: 'websocket',
        load: 'raw',
        traffic,
        connections: isLarge ? FEW_CONNECTIONS : CONNECTIONS,
        inFlight,
        ours: { application },
        against: { server: 'ws', application },
        others: echoOthers(bytes, type, inFlight, application),
        floor: { ratio: floors[i]! },
      };
    }),
  );
}

const COMPRESSED: Workload = {
  name: 'compressed',
  title: 'WebSocket echo of 1 KiB of JSON, compressed',
  chart: 'websocket',
  load: 'raw',
  traffic: { kind: 'websocket', type: 'text', messageBytes: 1024, isCompressed: true },
  connections: CONNECTIONS,
  inFlight: 1,
  ours: { application: 'echo-compressed' },
  against: { server: 'ws', application: 'echo-compressed' },
  others: [],
  floor: { ratio: 1.5 },
};

/** A broadcast, of so many messages in one turn. */
function broadcast(members: number, messages: 1 | 4, floor?: Floor): Workload {
  const traffic = { kind: 'broadcast', messages } as const;
  return {
    name: `broadcast-${members}-${messages}`,
    title: `broadcast of 128 B to ${members.toLocaleString('en')}, ${messages === 1 ? 'one message' : 'four'} a turn`,
    chart: 'websocket',
    load: 'rounds',
    traffic,
    connections: members,
    inFlight: 1,
    ours: { application: 'broadcast' },
    against: { server: 'ws', application: 'broadcast' },
    others: members === 1000 ? [...also('broadcast', 'uWebSockets.js', 'bun'), { server: 'socket.io', application: 'broadcast', traffic: { ...traffic, dialect: 'socket.io' } }] : [],
    ...(floor === undefined ? {} : { floor }),
  };
}

export const WORKLOADS: readonly Workload[] = [
  ...HTTP_ROWS,
  ...ECHO_SIZES.flatMap(echoRows),
  COMPRESSED,
  broadcast(100, 1),
  broadcast(100, 4),
  broadcast(1000, 1, { ratio: 1.35 }),
  broadcast(1000, 4, { ratio: 4 }),
  broadcast(5000, 1),
  broadcast(5000, 4),
];
