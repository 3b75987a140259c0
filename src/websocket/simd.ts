/**
 * XORs bytes with a repeated word, sixteen at a time, by a WebAssembly module of 247 bytes. Its memory is its own: bytes are copied in, and read
 * from there or copied back, which from some two hundred bytes on costs a fraction of a loop in JavaScript.
 */

/**
 * (module
 *   (memory (export "m") 2)
 *   (func (export "x") (param $end i32) (param $word i32) (result i32)
 *     (local $words v128) (local $seen v128) (local $at i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
 *     (local.set $words (i32x4.splat (local.get $word)))
 *     (block $fewer
 *       (loop $four
 *         (br_if $fewer (i32.gt_u (i32.add (local.get $at) (i32.const 64)) (local.get $end)))
 *         (v128.store (local.get $at) (local.tee $a (v128.xor (v128.load (local.get $at)) (local.get $words))))
 *         (v128.store offset=16 (local.get $at) (local.tee $b (v128.xor (v128.load offset=16 (local.get $at)) (local.get $words))))
 *         (v128.store offset=32 (local.get $at) (local.tee $c (v128.xor (v128.load offset=32 (local.get $at)) (local.get $words))))
 *         (v128.store offset=48 (local.get $at) (local.tee $d (v128.xor (v128.load offset=48 (local.get $at)) (local.get $words))))
 *         (local.set $seen (v128.or (local.get $seen) (v128.or (v128.or (local.get $a) (local.get $b)) (v128.or (local.get $c) (local.get $d)))))
 *         (local.set $at (i32.add (local.get $at) (i32.const 64)))
 *         (br $four)))
 *     (block $rest
 *       (loop $one
 *         (br_if $rest (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
 *         (v128.store (local.get $at) (local.tee $a (v128.xor (v128.load (local.get $at)) (local.get $words))))
 *         (local.set $seen (v128.or (local.get $seen) (local.get $a)))
 *         (local.set $at (i32.add (local.get $at) (i32.const 16)))
 *         (br $one)))
 *     (v128.store (local.get $at) (v128.xor (v128.load (local.get $at)) (local.get $words)))
 *     (i8x16.bitmask (local.get $seen))))
 */
const MODULE =
  'AGFzbQEAAAABBwFgAn9/AX8DAgEABQMBAAIHCQIBbQIAAXgAAArPAQHMAQMCewF/BHsgAf0RIQICQANAIARBwABqIABLDQEgBCAE/QAEACAC/VEiBf0LBAAgBCAE/QAEECAC/VEiBv0LBBAg' +
  'BCAE/QAEICAC/VEiB/0LBCAgBCAE/QAEMCAC/VEiCP0LBDAgAyAFIAb9UCAHIAj9UP1Q/VAhAyAEQcAAaiEEDAALCwJAA0AgBEEQaiAASw0BIAQgBP0ABAAgAv1RIgX9CwQAIAMgBf1QIQMgBEEQ' +
  'aiEEDAALCyAEIAT9AAQAIAL9Uf0LBAAgA/1kCw==';
/** One of its two pages: behind the last whole sixteen the module always writes one more. */
const ROOM_BYTES = 64 * 1024;
const LANE_BYTES = 16;

/** As much of WebAssembly as is used: the library of the language has no types for it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What the module exports. The function says whether one of the whole sixteens has a byte above 0x7F. */
interface Exports {
  readonly m: { readonly buffer: ArrayBuffer };
  readonly x: (end: number, word: number) => number;
}

/** Memory in which bytes are XORed. */
export class XorRoom {
  /** Never leaves the decoder, which copies from it: the next bytes go to the same place. */
  readonly bytes: Buffer;
  /** The same memory, not as a `Buffer`: V8 copies out of it in one step. */
  readonly #plain: Uint8Array;
  readonly #xor: Exports['x'];

  constructor({ m, x }: Exports) {
    this.bytes = Buffer.from(m.buffer, 0, ROOM_BYTES);
    this.#plain = new Uint8Array(m.buffer, 0, ROOM_BYTES);
    this.#xor = x;
  }

  /** Copies the bytes between `start` and `end` to the beginning of the room, XORed; `word` is in the byte order of this machine. True where all are ASCII then. */
  xorAside(bytes: Uint8Array, start: number, end: number, word: number): boolean {
    const length = end - start;
    const room = this.bytes;
    room.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (this.#xor(length, word) !== 0) return false;
    let seen = 0;
    for (let at = length - (length % LANE_BYTES); at < length; at++) seen |= room[at]!;
    return seen < 0x80;
  }

  /** A copy of what `xorAside` left at the beginning of the room. */
  copy(length: number): Uint8Array {
    return this.#plain.slice(0, length);
  }

  /** XORs the bytes between `start` and `end` on their way to `target`, from its byte `at` on; that may be where they are. */
  xorInto(target: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number, word: number): void {
    for (let from = start; from < end; from += ROOM_BYTES) {
      const stop = Math.min(end, from + ROOM_BYTES);
      this.xorAside(bytes, from, stop, word);
      target.set(this.bytes.subarray(0, stop - from), at + from - start);
    }
  }
}

/** `undefined` where there is no WebAssembly, or none with SIMD, such as under `--jitless`, and where words begin with their highest byte, as its never do. */
export const xorRoom = load();

function load(): XorRoom | undefined {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) return undefined;
  try {
    return new XorRoom(new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, 'base64'))).exports as Exports);
  } catch {
    return undefined;
  }
}
