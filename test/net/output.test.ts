/** Output leaves as it was pushed, every byte in its place, in portions of a bounded size; large bytes are never copied. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Output, type Sink } from '#src/net/output.js';
import { countHeld } from '../support/garbage.js';
import { Random } from '../support/random.js';
import { transferred } from '../support/transferred.js';

const PORTION_BYTES = 256 * 1024;
const COPY_BELOW_BYTES = 32 * 1024;

type Piece = string | Uint8Array;

const bytesOf = (pieces: readonly Piece[]): Buffer => Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)));
const lengthOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** Takes all that is left. */
function drain(output: Output): Piece[][] {
  const taken: Piece[][] = [];
  while (output.length > 0) taken.push(output.take(PORTION_BYTES));
  return taken;
}

/** An output of which it is known what was pushed, and what was taken: read only when it is checked, if the kernel did not take it at once. */
class CheckedOutput {
  readonly #output = new Output();
  readonly #random: Random;
  #expected: Buffer[] = [];
  #taken: Buffer[] = [];
  /** Takes what it is given at once, or not at all: then it still reads from it when it is checked. */
  readonly #sink: Sink = {
    writableLength: 0,
    write: (bytes, whenTaken) => {
      const isTaken = this.#random.below(10) > 0;
      Object.assign(this.#sink, { writableLength: isTaken ? 0 : bytes.length });
      this.#taken.push(isTaken ? Buffer.from(bytes) : (bytes as Buffer));
      if (isTaken) whenTaken?.();
    },
  };

  constructor(random: Random) {
    this.#random = random;
  }

  push(piece: Piece): void {
    this.#output.push(piece);
    this.#expected.push(bytesOf([piece]));
  }

  pushShared(piece: Piece): void {
    this.#output.pushShared(piece);
    this.#expected.push(bytesOf([piece]));
  }

  pushCopied(head: string, length: number): void {
    const bytes = Buffer.alloc(length, this.#random.below(256));
    this.#expected.push(bytesOf([head, bytes]));
    this.#output.pushCopied(head, bytes);
    bytes.fill('not what was copied');
  }

  take(): void {
    const output = this.#output;
    if (this.#random.once(20)) output.takeOutOfRoom();
    if (output.writeCopied(this.#sink, this.#random.once(2))) return;
    this.#taken.push(bytesOf([output.takeText(10_000) ?? '']), bytesOf(output.length > 0 ? output.take(1 + this.#random.below(12_000)) : []));
  }

  check(when: string): void {
    const rest = drain(this.#output).flat();
    assert.ok(Buffer.concat([...this.#taken, bytesOf(rest)]).equals(Buffer.concat(this.#expected)), when);
    this.#expected = [];
    this.#taken = [];
  }

  clear(): void {
    this.#output.clear();
    this.#expected = [];
    this.#taken = [];
  }
}

function outputOf(...pieces: readonly Piece[]): Output {
  const output = new Output();
  for (const piece of pieces) output.push(piece);
  return output;
}

describe('hands over', () => {
  test('neighbouring text as one string', () => {
    assert.deepEqual(outputOf('a', 'bc', 'd\xff').take(PORTION_BYTES), ['abcd\xff']);
  });

  test('every piece in its place, whether shared, copied or neither, whatever others were sent, and whatever was taken between', () => {
    const pieces = ['one', 'two', 'a'.repeat(40), 'b'.repeat(40), 'c'.repeat(2_500), Uint8Array.of(1), '\xff'];
    const random = new Random(3);
    const outputs = Array.from({ length: 5 }, () => new CheckedOutput(random));
    for (let step = 0; step < 20_000; step++) {
      const shared = random.once(2) ? random.pick(pieces) : undefined;
      for (const output of outputs) {
        if (shared !== undefined) output.pushShared(shared);
        else if (random.once(2)) output.pushCopied(random.pick(['ab', 'head\xff'.repeat(50), 'x'.repeat(random.pick([10_000, 31_000, 70_000]))]), random.pick([0, 1, 100, 1_024, 1_025, 4_096]));
        else if (random.once(2)) output.push(random.pick(pieces));
        if (random.once(4)) output.take();
        if (random.once(20)) output.check(`step ${step}`);
        if (random.once(50)) output.clear();
      }
    }
  });

  test('one piece as it is', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    assert.equal(outputOf(bytes).take(PORTION_BYTES)[0], bytes);
    assert.deepEqual(outputOf('text').take(PORTION_BYTES), ['text']);
  });

  test('small text and bytes together as one copy, text as latin1', () => {
    const taken = outputOf('a\xe9', Uint8Array.of(0, 255), 'z', Uint8Array.of(7)).take(PORTION_BYTES);
    assert.equal(taken.length, 1);
    assert.deepEqual([...bytesOf(taken)], [0x61, 0xe9, 0, 255, 0x7a, 7]);
  });

  test('bytes that are large on their own, not copied, between what is around them', () => {
    const large = new Uint8Array(COPY_BELOW_BYTES).fill(1);
    const taken = outputOf('head', Uint8Array.of(2), large, 'tail', Uint8Array.of(3)).take(PORTION_BYTES);
    assert.equal(taken.length, 3);
    assert.equal(taken[1], large);
    assert.deepEqual(bytesOf(taken), Buffer.concat([Buffer.from('head\x02'), large, Buffer.from('tail\x03')]));
  });

  test('the memory of large bytes also where a portion cuts them', () => {
    const large = new Uint8Array(3 * PORTION_BYTES + 5);
    for (const portions of drain(outputOf('x', large))) {
      for (const piece of portions) if (typeof piece !== 'string' && piece.length >= COPY_BELOW_BYTES) assert.equal(piece.buffer, large.buffer);
    }
  });

  test('nothing where nothing waits', () => {
    assert.equal(lengthOf(new Output().take(PORTION_BYTES)), 0);
  });
});

test('counts what waits, also while it is taken portion by portion', () => {
  const output = outputOf('abc', new Uint8Array(2 * PORTION_BYTES), 'defg');
  let left = 2 * PORTION_BYTES + 7;
  assert.equal(output.length, left);
  while (left > 0) {
    left -= lengthOf(output.take(PORTION_BYTES));
    assert.equal(output.length, left);
  }
});

test('takes up to a whole portion at a time, and never more', () => {
  for (const pieces of [['x'.repeat(PORTION_BYTES)], ['x'.repeat(PORTION_BYTES), 'y'], [new Uint8Array(PORTION_BYTES + 1)], Array<string>(300).fill('x'.repeat(2000))]) {
    const taken = drain(outputOf(...pieces)).map(lengthOf);
    assert.equal(taken.reduce((sum, each) => sum + each, 0), lengthOf(pieces));
    taken.forEach((each, i) => assert.ok(i === taken.length - 1 ? each <= PORTION_BYTES : each === PORTION_BYTES, `${each} bytes`));
  }
});

test('one room does for all that is handed over within its turn, however much and by however many', () => {
  const outputs = [new Output(), new Output()];
  const rooms = new Set<unknown>();
  const sink: Sink = {
    writableLength: 0,
    write({ buffer }, whenTaken) {
      rooms.add(buffer);
      whenTaken?.();
    },
  };
  for (let turn = 0; turn < 1_000; turn++) {
    for (const output of outputs) {
      for (let i = 0; i < 3; i++) output.pushCopied('head', new Uint8Array(4_096));
      if (turn % 4 === 0) assert.throws(() => output.pushCopied('head', transferred()), TypeError);
    }
    for (const output of outputs) {
      if (turn % 4 === 0) output.clear();
      else if (turn % 4 === 1) output.takeOutOfRoom();
      else output.writeCopied(sink, turn % 4 === 2);
      output.clear();
    }
  }
  assert.ok(rooms.size <= 2, `${rooms.size} rooms`);
});

test('bytes that cannot be read change nothing: what is shared behind them is what is sent', () => {
  const [output, other] = [new Output(), new Output()];
  assert.throws(() => output.pushCopied('head', transferred()), TypeError);
  other.pushCopied('of another, ', Buffer.from('and of nobody else'));
  output.pushShared('of all');
  assert.equal(output.takeText(PORTION_BYTES), 'of all');
});

test('is empty after it was cleared, and can be used again', () => {
  const output = outputOf('x'.repeat(PORTION_BYTES), 'y'.repeat(PORTION_BYTES));
  output.take(PORTION_BYTES);
  output.clear();
  assert.equal(output.length, 0);
  output.push('new');
  assert.deepEqual(output.take(PORTION_BYTES), ['new']);
});

test('keeps order and bytes for any mix of pieces, pushed and taken in turn: 120 seeds', () => {
  for (let seed = 0; seed < 120; seed++) {
    const random = new Random(seed);
    const output = new Output();
    const pushed: Piece[] = [];
    const taken: Piece[] = [];
    for (let step = 0; step < 30; step++) {
      for (let i = random.below(4); i > 0; i--) {
        const length = random.pick([1, 10, 1000, COPY_BELOW_BYTES - 1, COPY_BELOW_BYTES, 100_000, PORTION_BYTES, 600_000]);
        const fill = random.below(256);
        const piece = random.once(2) ? String.fromCharCode(fill).repeat(length) : new Uint8Array(length).fill(fill);
        output.push(piece);
        pushed.push(piece);
      }
      for (let i = random.below(4); i > 0 && output.length > 0; i--) {
        const portions = output.take(PORTION_BYTES);
        assert.ok(lengthOf(portions) <= PORTION_BYTES, `seed ${seed}`);
        taken.push(...portions);
      }
    }
    taken.push(...drain(output).flat());
    assert.equal(Buffer.compare(bytesOf(taken), bytesOf(pushed)), 0, `seed ${seed}`);
  }
});

test('lets go of what was taken, though something always waits', async () => {
  const output = new Output();
  const taken: WeakRef<Uint8Array>[] = [];
  output.push(new Uint8Array(2 * PORTION_BYTES));
  for (let i = 0; i < 50; i++) {
    const bytes = new Uint8Array(PORTION_BYTES);
    if (i < 40) taken.push(new WeakRef(bytes));
    output.push(bytes);
    output.take(PORTION_BYTES);
  }
  assert.ok(output.length > 0);
  const held = await countHeld(taken);
  assert.ok(held <= 5, `${held} of ${taken.length} pieces are held`);
});
