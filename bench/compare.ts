/**
 * Longwire beside node:http and ws in one run: `npm run bench`. Every server is a process of its own; rounds are interleaved and the
 * medians taken, because machines are noisy. What counts is the CPU time the server spends on one operation.
 *
 *   node build/bench/compare.js [--rounds 5] [--seconds 3]
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import type { ServerName } from './servers.js';
import { runWebSocketLoad } from './web-socket-load.js';

interface Workload {
  readonly name: string;
  readonly peer: ServerName;
  /** Runs the load and resolves to the operations done. */
  run(port: number, seconds: number): Promise<number>;
}

const WORKLOADS: readonly Workload[] = [
  { name: 'hello, 50 connections', peer: 'node:http', run: (port, seconds) => requests(port, seconds, 1) },
  { name: 'hello, 16 pipelined', peer: 'node:http', run: (port, seconds) => requests(port, seconds, 16) },
  { name: 'WebSocket echo 64 B, one in flight', peer: 'ws', run: (port, seconds) => echoes(port, seconds, 1) },
  { name: 'WebSocket echo 64 B, 16 in flight', peer: 'ws', run: (port, seconds) => echoes(port, seconds, 16) },
];

interface Measure {
  readonly microsPerOperation: number;
  readonly operationsPerSecond: number;
}

async function requests(port: number, seconds: number, pipelining: number): Promise<number> {
  const result = await autocannon({ url: `http://127.0.0.1:${port}`, connections: 50, pipelining, duration: seconds });
  if (result.errors > 0 || result.non2xx > 0) throw new Error(`${result.errors} errors and ${result.non2xx} answers that were not 2xx`);
  return result.requests.total;
}

function echoes(port: number, seconds: number, inFlight: number): Promise<number> {
  return runWebSocketLoad({ port, connections: 50, inFlight, messageBytes: 64, seconds });
}

async function measure(name: ServerName, workload: Workload, seconds: number): Promise<Measure> {
  const server = fork(fileURLToPath(new URL('servers.js', import.meta.url)), [name]);
  try {
    const { port } = await answer<{ port: number }>(server);
    await workload.run(port, 0.5);
    const before = await cpuMicros(server);
    const startedAt = performance.now();
    const operations = await workload.run(port, seconds);
    const elapsed = (performance.now() - startedAt) / 1000;
    return { microsPerOperation: ((await cpuMicros(server)) - before) / operations, operationsPerSecond: operations / elapsed };
  } finally {
    server.disconnect();
  }
}

async function cpuMicros(server: ChildProcess): Promise<number> {
  server.send('cpu');
  const { cpu } = await answer<{ cpu: NodeJS.CpuUsage }>(server);
  return cpu.user + cpu.system;
}

function answer<T>(server: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    server.once('message', (message) => resolve(message as T));
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } } });
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
console.log(`Node ${process.versions.node}, ${rounds} rounds of ${seconds} s, medians of the server's CPU time for one operation\n`);
console.log('| workload | peer | peer µs | longwire µs | ratio | peer/s | longwire/s |\n|---|---|---|---|---|---|---|');
for (const workload of WORKLOADS) {
  const ours: Measure[] = [];
  const theirs: Measure[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await measure('longwire', workload, seconds));
    theirs.push(await measure(workload.peer, workload, seconds));
  }
  const [us, them] = [ours, theirs].map((all) => ({
    micros: median(all.map((each) => each.microsPerOperation)),
    rate: Math.round(median(all.map((each) => each.operationsPerSecond))),
  })) as [{ micros: number; rate: number }, { micros: number; rate: number }];
  console.log(`| ${workload.name} | ${workload.peer} | ${them.micros.toFixed(2)} | ${us.micros.toFixed(2)} | ${(them.micros / us.micros).toFixed(2)}x | ${them.rate} | ${us.rate} |`);
}
