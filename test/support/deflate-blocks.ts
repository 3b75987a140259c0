/**
 * Reads DEFLATE (RFC 1951) for what no library tells: how far back its matches refer, and of which blocks it consists. Written for the
 * tests alone, slow and plain.
 */

export interface DeflateBlocks {
  /** Of each block, and whether it is the last of its stream. */
  readonly blocks: readonly { readonly type: 'stored' | 'fixed' | 'dynamic'; readonly isFinal: boolean }[];
  /** How far back the farthest match refers; 0 where there is none. */
  readonly maxDistance: number;
  readonly text: Buffer;
}

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIXED_LITERALS = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
const FIXED_DISTANCES = Array<number>(30).fill(5);

/** Symbols by their code, as text of 0 and 1 (§3.2.2). */
type Codes = ReadonlyMap<string, number>;

function codesOf(lengths: readonly number[]): Codes {
  const codes = new Map<string, number>();
  let code = 0;
  for (let bits = 1; bits <= 15; bits++) {
    lengths.forEach((length, symbol) => {
      if (length === bits) codes.set((code++).toString(2).padStart(bits, '0'), symbol);
    });
    code *= 2;
  }
  return codes;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length * 8;
  }

  bit(): number {
    if (this.isAtEnd) throw new Error('the data ends too early');
    const bit = (this.#bytes[this.#at >> 3]! >> (this.#at & 7)) & 1;
    this.#at++;
    return bit;
  }

  number(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) value += this.bit() << i;
    return value;
  }

  symbol(codes: Codes): number {
    for (let code = ''; code.length <= 15; ) {
      code += this.bit();
      const symbol = codes.get(code);
      if (symbol !== undefined) return symbol;
    }
    throw new Error('no such code');
  }

  toByte(): void {
    this.#at = (this.#at + 7) & ~7;
  }
}

/** The blocks in the payload of one message, as it is sent; `before` is the text that it may refer back to. */
export function readDeflate(payload: Uint8Array, before: Uint8Array = new Uint8Array(0)): DeflateBlocks {
  const reader = new Reader(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]));
  const text = [...before];
  const blocks: { type: 'stored' | 'fixed' | 'dynamic'; isFinal: boolean }[] = [];
  let maxDistance = 0;
  while (!reader.isAtEnd) {
    const isFinal = reader.bit() === 1;
    const type = (['stored', 'fixed', 'dynamic'] as const)[reader.number(2)];
    if (type === undefined) throw new Error('no such type of block');
    blocks.push({ type, isFinal });
    if (type === 'stored') readStored(reader, text);
    else maxDistance = Math.max(maxDistance, readCompressed(reader, text, ...(type === 'fixed' ? FIXED : readCodes(reader))));
    if (isFinal) reader.toByte();
  }
  return { blocks, maxDistance, text: Buffer.from(text.slice(before.length)) };
}

const FIXED: readonly [Codes, Codes] = [codesOf(FIXED_LITERALS), codesOf(FIXED_DISTANCES)];

function readStored(reader: Reader, text: number[]): void {
  reader.toByte();
  const length = reader.number(16);
  if (reader.number(16) !== (length ^ 0xffff)) throw new Error('a length and its complement differ');
  for (let i = 0; i < length; i++) text.push(reader.number(8));
}

function readCompressed(reader: Reader, text: number[], literals: Codes, distances: Codes): number {
  let maxDistance = 0;
  for (;;) {
    const symbol = reader.symbol(literals);
    if (symbol === 256) return maxDistance;
    if (symbol < 256) {
      text.push(symbol);
      continue;
    }
    const length = LENGTH_BASE[symbol - 257]! + reader.number(LENGTH_EXTRA[symbol - 257]!);
    const code = reader.symbol(distances);
    const extra = code < 4 ? 0 : (code >> 1) - 1;
    const distance = (code < 4 ? code : (2 + (code & 1)) << extra) + 1 + reader.number(extra);
    if (distance > text.length) throw new Error('a match refers to what was not there');
    maxDistance = Math.max(maxDistance, distance);
    for (let i = 0; i < length; i++) text.push(text[text.length - distance]!);
  }
}

function readCodes(reader: Reader): [Codes, Codes] {
  const literals = reader.number(5) + 257;
  const distances = reader.number(5) + 1;
  const lengthCount = reader.number(4) + 4;
  const lengthLengths = Array<number>(19).fill(0);
  for (let i = 0; i < lengthCount; i++) lengthLengths[CODE_LENGTH_ORDER[i]!] = reader.number(3);
  const codes = codesOf(lengthLengths);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = reader.symbol(codes);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) lengths.push(...Array<number>(3 + reader.number(2)).fill(lengths.at(-1)!));
    else lengths.push(...Array<number>(symbol === 17 ? 3 + reader.number(3) : 11 + reader.number(7)).fill(0));
  }
  return [codesOf(lengths.slice(0, literals)), codesOf(lengths.slice(literals))];
}
