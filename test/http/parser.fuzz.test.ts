/** Whatever bytes a client sends, in whatever pieces: the same events, and the same error code or none; never another throw. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, parsePieces } from '../support/http-events.js';
import { latin1Bytes } from '../support/pieces.js';

const SEED = 0x10a60719;
const CASES = 6000;
const WAYS = 4;

const SEEDS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '\r\nGET /a?b=c HTTP/1.0\r\nConnection: keep-alive\r\nX-Empty:\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'POST / HTTP/1.1\r\nHost: a.example:8080\r\nContent-Length: 11\r\nCookie: a=b\r\nCookie: c\r\n\r\nhello world',
  'POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na;b="c"\r\n0123456789\r\n0\r\n\r\n',
  'PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0;b\r\nX-Sum: 1\r\nY: 2\r\n\r\n',
  'GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
];

/** What a mutation puts in: every byte that means something, and some that must not. */
const TRICKS = [
  '\r', '\n', '\r\n', '\r\n\r\n', '\n\n', ' ', '\t', ':', ';', ',', '\0', '\x7f', '\x80', '\xff', '0', '5', 'f', 'g', '-1', '0x', '"',
  'X: y\r\n', ' folded\r\n', 'Host: b\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'HTTP/1.0', 'HTTP/2.0',
  '0\r\n\r\n', '5\r\nhello\r\n', 'a'.repeat(70), `X: ${'y'.repeat(50)}\r\n`, 'Z:\r\n'.repeat(6), `1;${'e'.repeat(1030)}\r\n`,
];

/** Small enough that mutations pass them, and large enough that the requests do not. */
const SMALL = { maxLineBytes: 64, maxHeadBytes: 120, maxHeaderCount: 6 };

/** mulberry32: the same numbers from 0 to below 1 in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Mutator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  /** Up to three requests, one behind the other, with up to four changes. */
  text(): string {
    let text = '';
    for (let count = 1 + this.#below(3); count > 0; count--) text += this.#of(SEEDS);
    for (let count = this.#below(5); count > 0; count--) text = this.#change(text);
    return text;
  }

  pieces(bytes: Uint8Array): Uint8Array[] {
    const longest = this.#of([1, 3, 20, 200]);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += pieces.at(-1)!.length) pieces.push(Uint8Array.from(bytes.subarray(at, at + 1 + this.#below(longest))));
    return pieces;
  }

  #change(text: string): string {
    const at = this.#below(text.length + 1);
    const behind = Math.min(text.length, at + 1 + this.#below(8));
    switch (this.#below(5)) {
      case 0:
        return text.slice(0, at) + this.#of(TRICKS) + text.slice(at);
      case 1:
        return text.slice(0, at) + this.#of(TRICKS) + text.slice(behind);
      case 2:
        return text.slice(0, at) + text.slice(behind);
      case 3:
        return text.slice(0, behind) + text.slice(at);
      default:
        return text.slice(0, at) + String.fromCharCode(this.#below(256)) + text.slice(at + 1);
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #of<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }
}

test('finds the same in mutated requests, whole and in random pieces', () => {
  const mutator = new Mutator(SEED);
  const codes = new Set<string>();
  let valid = 0;
  for (let i = 0; i < CASES; i++) {
    const text = mutator.text();
    const bytes = latin1Bytes(text);
    const limits = i % 2 === 0 ? SMALL : LIMITS;
    const whole = parsePieces([bytes], limits);
    if (whole.error === undefined) valid++;
    else codes.add(whole.error);
    for (let way = 0; way < WAYS; way++) {
      const pieces = mutator.pieces(bytes);
      assert.deepEqual(parsePieces(pieces, limits), whole, `case ${i}: ${JSON.stringify(text)} in pieces of ${pieces.map((piece) => piece.length).join()}`);
    }
  }
  // The mutations reach what they are for: most rules, and requests that break none.
  assert.ok(valid > CASES / 10, `${valid} cases were valid`);
  assert.ok(codes.size >= 18, `${codes.size} rules were broken: ${[...codes].sort().join()}`);
});
