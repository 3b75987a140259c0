/**
 * A program of its own, run with `--expose-gc`: a server that is sent one request, with a body of as many bytes as its first argument says, and answers
 * with as many as its second says, in one piece or, where the third says so, as a `stream`. Then it makes blocks of 20 MiB, and prints by how many MiB the heap of the process grew for one: by none where
 * each was mapped by itself, to be given back to the kernel once it is freed.
 */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runServer } from 'longwire';

const MIB = 1024 * 1024;

function heapBytes(): number {
  const [, from, to] = /^(\w+)-(\w+) .*\[heap\]$/m.exec(readFileSync('/proc/self/maps', 'utf8'))!;
  return Number.parseInt(to!, 16) - Number.parseInt(from!, 16);
}

const [received, sent] = process.argv.slice(2, 4).map(Number);
const form = process.argv[4];
const server = await runServer(
  async (request) => {
    await request.bytes();
    const body = 'a'.repeat(sent!);
    return form === 'stream' ? { body: [body] } : body;
  },
  { port: 0 },
);
await (await fetch(server.url, { method: 'POST', body: new Uint8Array(received!) })).text();

// None is freed: that alone would change what is kept.
const blocks: Buffer[] = [];
let grown = 0;
while (blocks.length < 10 && grown === 0) {
  // Threads of V8 free what was collected, a little later.
  (globalThis as unknown as { gc(): void }).gc();
  await sleep(20);
  const before = heapBytes();
  blocks.push(Buffer.allocUnsafeSlow(20 * MIB));
  grown = Math.max(0, Math.round((heapBytes() - before) / MIB));
}
console.log(grown);
await server.stop();
process.exit();
