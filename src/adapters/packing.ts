/** How a message travels over any bus: the name of the store it comes from, a line feed, its bytes. */

import { UsageError, type BusMessage } from '../index.js';

const LINE_FEED = 0x0a;

/** A message without its place. @throws UsageError on an origin that holds a line feed. */
export function packMessage({ origin, bytes }: { readonly origin: string; readonly bytes: Uint8Array }): Buffer {
  if (origin.includes('\n')) throw new UsageError('the origin of a message is one line');
  const head = Buffer.from(`${origin}\n`);
  return Buffer.concat([head, bytes], head.length + bytes.length);
}

/**
 * What `packMessage` packed, from `offset` on. The bytes are copied, so that a message that is kept does not keep all that arrived
 * with it. `undefined` for what no store has packed.
 */
export function unpackMessage(packed: Uint8Array, id: string | undefined, offset = 0): BusMessage | undefined {
  const end = packed.indexOf(LINE_FEED, offset);
  if (end < 0) return undefined;
  return { origin: textOf(packed, offset, end), id, bytes: new Uint8Array(packed.subarray(end + 1)) };
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}
