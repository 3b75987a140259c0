/**
 * XORs bytes with a repeated word, sixteen at a time, by a WebAssembly module of 83 bytes. Its memory is its own: bytes are copied in and
 * out, which from about a KiB on still costs a fraction of a loop in JavaScript.
 */

/**
 * (module
 *   (memory (export "m") 1)
 *   (func (export "x") (param $end i32) (param $word i32) (local $words v128) (local $at i32)
 *     (local.set $words (i32x4.splat (local.get $word)))
 *     (loop
 *       (v128.store (local.get $at) (v128.xor (v128.load (local.get $at)) (local.get $words)))
 *       (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))))
 */
const MODULE = 'AGFzbQEAAAABBgFgAn9/AAMCAQAFAwEAAQcJAgFtAgABeAAACi0BKwIBewF/IAH9ESECA0AgAyAD/QAEACAC/VH9CwQAIANBEGoiAyAASQ0ACws=';

/** As much of WebAssembly as is used: the library of the language has no types for it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What the module exports. */
interface Exports {
  readonly m: { readonly buffer: ArrayBuffer };
  readonly x: (end: number, word: number) => void;
}

/** XORs the bytes between `start` and `end`, in place; `word` is in the byte order of this machine. */
export type XorWords = (bytes: Uint8Array, start: number, end: number, word: number) => void;

/** `undefined` where there is no WebAssembly, or none with SIMD, such as under `--jitless`. */
export const xorWords = load();

function load(): XorWords | undefined {
  let exports: Exports;
  try {
    exports = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, 'base64'))).exports as Exports;
  } catch {
    return undefined;
  }
  const xor = exports.x;
  const memory = new Uint8Array(exports.m.buffer);
  return (bytes, start, end, word) => {
    for (let at = start; at < end; at += memory.length) {
      const length = Math.min(memory.length, end - at);
      memory.set(bytes.subarray(at, at + length));
      xor(length, word);
      bytes.set(memory.subarray(0, length), at);
    }
  };
}
