/**
 * What a WebSocket client sends, from a seed: messages of all sizes, whole and in fragments, compressed and not, with control frames in
 * between; most of it valid, some of it wrong in its headers, its text, its compression, or in any byte. The same seed gives the same bytes.
 */

import { constants, deflateRawSync } from 'node:zlib';
import type { DeflateParameters } from '#src/websocket/extensions.js';
import { clientFrame } from '../../test/support/frames.js';
import { Random } from '../../test/support/random.js';

/** What the two sides have agreed on before the first frame. */
export interface Setup {
  readonly deflate: DeflateParameters | undefined;
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
}

const RSV1 = 4;
const TEXTS = ['', 'plain', 'é€😀', '\u{feff}', 'x'.repeat(126), '€'.repeat(50), 'and again, and again, and again'];
const CLOSE_CODES = [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999, 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535];
/** What is compressed may refer back so far. */
const WINDOW_BYTES = 32 * 1024;

export function setupOf(seed: number): Setup {
  const random = new Random(seed ^ 0x5eed);
  const bits = (): number => random.pick([8, 9, 12, 15, 15]);
  const deflate = random.once(3)
    ? undefined
    : { serverMaxWindowBits: bits(), isServerWindowAsked: false, serverNoContextTakeover: random.once(2), clientMaxWindowBits: bits(), clientNoContextTakeover: random.once(2) };
  return { deflate, maxMessageBytes: random.pick([0, 100, 3000, 3000, 3000, 60_000, 60_000, 60_000]), maxFragments: random.pick([0, 0, 8]) };
}

export function generate(seed: number): Uint8Array {
  const random = new Random(seed);
  const client = new Client(random, setupOf(seed));
  let bytes: Buffer = random.once(12) ? Buffer.from(random.bytes(1 + random.below(60))) : client.speak();
  for (let count = random.pick([0, 0, 0, 0, 0, 1, 1, 3]); count > 0 && bytes.length > 0; count--) bytes = changed(random, bytes);
  return Uint8Array.from(bytes);
}

function changed(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  const behind = at + 1 + random.below(8);
  switch (random.below(4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(behind)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, behind), bytes.subarray(at)]);
    default:
      bytes[at] = random.below(256);
      return bytes;
  }
}

class Client {
  readonly #random: Random;
  readonly #setup: Setup;
  /** How rare something wrong is: one in so many. */
  readonly #oddness: number;
  /** The text that what is compressed may refer back to. */
  #before = Buffer.alloc(0);

  constructor(random: Random, setup: Setup) {
    this.#random = random;
    this.#setup = setup;
    this.#oddness = random.pick([1e9, 1e9, 1e9, 150, 30]);
  }

  speak(): Buffer {
    const random = this.#random;
    const frames: Buffer[] = [];
    for (let count = random.below(9); count > 0; count--) frames.push(...this.#message());
    if (random.once(2)) frames.push(this.#close());
    if (random.once(8)) frames.push(...this.#message());
    return Buffer.concat(frames);
  }

  #isOdd(): boolean {
    return this.#random.once(this.#oddness);
  }

  #message(): Buffer[] {
    const random = this.#random;
    if (random.once(4)) return [this.#control()];
    const isText = random.once(2);
    const isCompressed = this.#setup.deflate !== undefined && !random.once(3);
    const content = this.#content(isText);
    const payload = isCompressed ? this.#deflated(content) : content;
    return this.#frames(isText ? 1 : 2, payload, isCompressed ? RSV1 : this.#isOdd() ? random.below(8) : 0);
  }

  #content(isText: boolean): Buffer {
    const random = this.#random;
    if (this.#isOdd()) return Buffer.from(random.bytes(random.below(400)));
    if (random.once(12)) return Buffer.alloc(random.pick([2999, 3000, 3001, 20_000, 70_000]), random.pick(['x', 'long ', '\0']));
    if (!isText) return Buffer.from(random.bytes(random.below(random.once(6) ? 6000 : 40)));
    return Buffer.from(Array.from({ length: random.below(4) }, () => random.pick(TEXTS)).join(''));
  }

  /** As zlib, and clients that use it, may do it: in one block or several, with the last one marked or not. */
  #deflated(text: Buffer): Buffer {
    const random = this.#random;
    const { clientMaxWindowBits, clientNoContextTakeover } = this.#setup.deflate!;
    const before = clientNoContextTakeover || random.once(5) ? Buffer.alloc(0) : this.#before;
    const dictionary = before.subarray(Math.max(0, before.length - 2 ** clientMaxWindowBits));
    const isEnded = random.once(10);
    const deflated = deflateRawSync(text, {
      level: random.below(10),
      windowBits: Math.max(9, clientMaxWindowBits),
      ...(dictionary.length > 0 && clientMaxWindowBits > 8 ? { dictionary } : {}),
      ...(clientMaxWindowBits === 8 ? { strategy: constants.Z_RLE } : {}),
      finishFlush: isEnded ? constants.Z_FINISH : random.pick([constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH]),
    });
    this.#before = Buffer.concat([this.#before, text]).subarray(-WINDOW_BYTES);
    const payload = isEnded ? Buffer.concat([deflated, Buffer.alloc(random.below(2))]) : deflated.subarray(0, -4);
    if (this.#isOdd() && payload.length > 0) payload[random.below(payload.length)] = random.below(256);
    return this.#isOdd() ? payload.subarray(0, random.below(payload.length + 1)) : payload;
  }

  /** One frame or several, control frames among them. */
  #frames(opcode: number, payload: Buffer, rsv: number): Buffer[] {
    const random = this.#random;
    const frames: Buffer[] = [];
    let at = 0;
    for (let isFirst = true; ; isFirst = false) {
      const isLast = random.once(2) || frames.length > 30;
      const end = isLast ? payload.length : at + random.below(payload.length - at + 1);
      frames.push(this.#frame(isLast !== this.#isOdd(), isFirst ? opcode : 0, isFirst || this.#isOdd() ? rsv : 0, payload.subarray(at, end)));
      if (isLast) return frames;
      if (random.once(6)) frames.push(this.#control());
      at = end;
    }
  }

  #frame(fin: boolean, opcode: number, rsv: number, payload: Uint8Array): Buffer {
    const random = this.#random;
    return clientFrame({
      fin,
      opcode: this.#isOdd() ? random.below(16) : opcode,
      rsv,
      payload,
      mask: this.#isOdd() ? null : random.once(9) ? new Uint8Array(4) : random.bytes(4),
      ...(this.#isOdd() ? { lengthBytes: payload.length < 65_536 ? random.pick([2, 8] as const) : (8 as const) } : {}),
      ...(this.#isOdd() ? { announce: random.pick([random.below(5000), 2 ** 20, 2 ** 62, 2 ** 63]), lengthBytes: 8 as const } : {}),
    });
  }

  #control(): Buffer {
    const random = this.#random;
    const length = random.pick([0, 1, 4, 125]);
    return this.#frame(true, random.pick([9, 9, 10]), this.#isOdd() ? random.below(8) : 0, random.bytes(this.#isOdd() ? 126 : length));
  }

  #close(): Buffer {
    const random = this.#random;
    if (random.once(5)) return this.#frame(true, 8, 0, new Uint8Array(0));
    const code = this.#isOdd() || random.once(20) ? random.pick(CLOSE_CODES) : 1000 + random.below(4);
    const reason = this.#isOdd() ? random.bytes(20) : Buffer.from(random.pick(['', 'bye', 'später 😀']));
    return this.#frame(true, 8, 0, Buffer.concat([Buffer.from([code >> 8, code & 255]), reason]).subarray(0, random.once(40) ? 1 : 125));
  }
}
