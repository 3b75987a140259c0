/** What must not cost more for being more: connections, header lines, pipelined requests, fragments, and input in the smallest pieces. */

import { measure, planLimit, type Settings } from '../measurement.js';
import type { Workload } from '../workloads.js';
import { CORE_INPUTS, type CoreInput, microsPerUnit } from './cores.js';

export interface Curve {
  readonly name: string;
  readonly title: string;
  /** What is counted along the curve. */
  readonly sizes: readonly number[];
  /** Whether connections are needed by the size, which a machine may not allow. */
  readonly isConnections: boolean;
  /** Whether it is not ours, and only shows what growth costs the system below. */
  readonly isReference: boolean;
  /** Microseconds of CPU time for one unit. */
  measure(size: number, settings: Settings): Promise<number>;
}

const CONNECTIONS = [10, 100, 1000, 10_000] as const;
const POWERS = [1, 16, 256, 4096, 65_537] as const;

const HELLO: Pick<Workload, 'load' | 'traffic'> = { load: 'raw', traffic: { kind: 'http', head: 'plain', bodyBytes: 0, expect: 'hello' } };
const ECHO: Pick<Workload, 'load' | 'traffic'> = { load: 'raw', traffic: { kind: 'websocket', type: 'text', messageBytes: 64 } };

export const CURVES: readonly Curve[] = [
  served('connections', 'HTTP connections: a request', CONNECTIONS, true, 'hello', HELLO, (size) => ({ connections: size, inFlight: 1 })),
  { ...served('limit', 'HTTP connections of the limit: a request', CONNECTIONS, true, 'hello', HELLO, (size) => ({ connections: size, inFlight: 1 }), 'limit'), isReference: true },
  served('websockets', 'WebSockets: a message', CONNECTIONS, true, 'echo', ECHO, (size) => ({ connections: size, inFlight: 1 })),
  served('pipelined', 'pipelined requests: one of them', [1, 4, 16, 64, 256, 1000], false, 'hello', HELLO, (size) => ({ connections: 10, inFlight: size })),
  core('lines', 'header lines: one of them', [10, 20, 50, 100], CORE_INPUTS.headerLines),
  core('fragments', 'fragments of one byte: one of them', POWERS, CORE_INPUTS.fragments),
  core('chunks', 'chunks of one byte: one of them', POWERS, CORE_INPUTS.chunks),
  core('head-bytes', 'a head byte by byte: a byte', [400, 1600, 4000, 16_000], CORE_INPUTS.headByteByByte),
  core('chunk-bytes', 'chunks byte by byte: a chunk', POWERS, CORE_INPUTS.chunksByteByByte),
  core('frame-bytes', 'a frame byte by byte: a byte', [100, 1000, 10_000, 100_000, 1_000_000], CORE_INPUTS.frameByteByByte),
];

/** Measured on a server, under load. */
function served(
  name: string,
  title: string,
  sizes: readonly number[],
  isConnections: boolean,
  application: string,
  traffic: Pick<Workload, 'load' | 'traffic'>,
  scale: (size: number) => Pick<Workload, 'connections' | 'inFlight'>,
  server: 'longwire' | 'limit' = 'longwire',
): Curve {
  return {
    name,
    title,
    sizes,
    isConnections,
    isReference: false,
    async measure(size, settings) {
      const plan = server === 'limit' ? await planLimit({ ...traffic, ours: { application } }, settings) : undefined;
      return (await measure({ server, application }, { ...traffic, ...scale(size) }, settings, plan)).microsPerOperation;
    },
  };
}

/** Measured on a core alone, in this process. */
function core(name: string, title: string, sizes: readonly number[], input: CoreInput): Curve {
  return { name, title, sizes, isConnections: false, isReference: false, measure: async (size) => microsPerUnit(input, size) };
}
