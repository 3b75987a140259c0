/** Files to compress, of the kinds and sizes that Autobahn has: made, not copied, and the same in every run. */

import { Random } from '../../support/random.js';

export interface TestData {
  readonly name: string;
  readonly isText: boolean;
  readonly bytes: number;
  make(random: Random, bytes: number): Buffer;
}

const WORDS = 'the and of wire channel frame server message long poll stream octet mask close open handshake order silence answer Zeichen Größe Übertragung ist nicht wie der die das'.split(' ');

export const JSON_DATA: TestData = {
  name: 'JSON, text',
  isText: true,
  bytes: 194_056,
  make: (random, bytes) => repeat(bytes, (i) => `{"id":${i},"name":"${ascii(random)} ${ascii(random)}","score":${random.below(100_000) / 100},"tags":["${ascii(random)}","${ascii(random)}"],"active":${random.once(2)}},\n`),
};

const GRAYS: TestData = {
  name: 'a picture of gray values, binary',
  isText: false,
  bytes: 263_222,
  make: (random, bytes) => Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => ((i % 512) >> 2) + (i >> 12) + random.below(9))),
};

const PROSE: TestData = {
  name: 'prose, binary',
  isText: false,
  bytes: 222_218,
  make: (random, bytes) => repeat(bytes, () => `${random.pick(WORDS)}${random.once(9) ? ',\r\n' : ' '}`),
};

const HTML: TestData = {
  name: 'HTML, text',
  isText: true,
  bytes: 263_527,
  make: (random, bytes) => repeat(bytes, (i) => `<tr class="row ${i % 2 === 0 ? 'even' : 'odd'}"><td><a href="/${ascii(random)}/${i}">${ascii(random)}</a></td><td>${random.below(1_000_000)}</td></tr>\n`),
};

const PACKED: TestData = {
  name: 'what is compressed already, binary',
  isText: false,
  bytes: 1_042_328,
  make: (random, bytes) => Buffer.from(random.bytes(bytes)),
};

/** In the order of section 12. */
export const ALL_DATA: readonly TestData[] = [JSON_DATA, GRAYS, PROSE, HTML, PACKED];

const made = new Map<TestData, Buffer>();

/** So many octets from `start`, as if the file were repeated for ever. */
export function excerpt(data: TestData, start: number, length: number): Buffer {
  let file = made.get(data);
  if (file === undefined) made.set(data, (file = data.make(new Random(data.bytes), data.bytes)));
  const from = start % file.length;
  const tail = file.subarray(from, from + length);
  return tail.length === length ? tail : Buffer.concat([tail, file.subarray(0, length - tail.length)]);
}

function repeat(bytes: number, line: (index: number) => string): Buffer {
  const lines: string[] = [];
  for (let length = 0, i = 0; length < bytes; i++) {
    lines.push(line(i));
    length += Buffer.byteLength(lines[i]!);
  }
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

/** A word that may be cut anywhere. */
function ascii(random: Random): string {
  return random.pick(WORDS).normalize('NFD').replaceAll(/[^a-z]/gi, '') + random.below(100);
}
