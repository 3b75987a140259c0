/** A streamed body is passed on as fast as its client takes it: what is there at once together, and nothing asked for that would have to wait. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { BodyPump, type PumpSink } from '#src/http/body-pump.js';

/** Tells in order what it is asked; what leaves together stands in brackets. */
class RecordingSink implements PumpSink {
  readonly gatherUpToBytes = 10;
  readonly told: string[] = [];
  isCongested = false;

  cork(): void {
    this.told.push('(');
  }

  uncork(): void {
    if (this.told.at(-1) === '(') this.told.pop();
    else this.told.push(')');
  }

  nextTurn(): Promise<void> {
    this.told.push('next turn');
    return turn();
  }

  piece(data: string | Uint8Array): void {
    this.told.push(String(data));
  }

  pumped(): void {
    this.told.push('end');
  }

  pumpFailed(error: unknown): void {
    this.told.push(`failed: ${(error as Error).message}`);
  }
}

async function run(body: Iterable<string> | AsyncIterable<string>): Promise<string> {
  const sink = new RecordingSink();
  await new BodyPump(body, sink).run();
  return sink.told.join(' ');
}

test('pieces that are there at once leave together, as many as may', async () => {
  assert.equal(await run(['1234', '5678', '9012', '3456', '7890']), '( 1234 5678 9012 ) ( 3456 7890 ) end');
});

test('a piece that has to be waited for leaves by itself', async () => {
  async function* body() {
    yield '1234';
    yield '5678';
  }
  assert.equal(await run(body()), '1234 5678 end');
});

test('what was gathered leaves before a piece is waited for', async () => {
  const sink = new RecordingSink();
  let resolve!: (step: IteratorResult<string>) => void;
  const steps = [{ done: false, value: '12' }, { done: false, value: '34' }, new Promise((settle) => (resolve = settle))];
  const body = { [Symbol.asyncIterator]: () => ({ next: () => steps.shift() ?? Promise.resolve({ done: true, value: undefined }) }) };
  const over = new BodyPump(body as AsyncIterable<string>, sink).run();
  await turn();
  assert.equal(sink.told.join(' '), '( 12 34 )');
  resolve({ done: false, value: '56' });
  await over;
  assert.equal(sink.told.join(' '), '( 12 34 ) 56 end');
});

test('what was gathered leaves also where the next piece fails', async () => {
  function* body() {
    yield '12';
    throw new Error('no more');
  }
  assert.equal(await run(body()), '( 12 ) failed: no more');
});

test('a client that was slow is sent piece by piece, and nothing is asked for while it has enough', async () => {
  const sink = new RecordingSink();
  let asked = 0;
  function* body() {
    for (; asked < 6; asked++) yield `${asked}`;
  }
  sink.piece = (data) => {
    sink.told.push(String(data));
    sink.isCongested = data === '1';
  };
  const pump = new BodyPump(body(), sink);
  const over = pump.run();
  await turn();
  assert.deepEqual([sink.told.join(' '), asked], ['( 0 1 )', 1]);
  sink.isCongested = false;
  pump.resume();
  await over;
  assert.equal(sink.told.join(' '), '( 0 1 ) ( 2 ) ( 3 ) ( 4 ) ( 5 ) end');
});

test('a body that never waits lets the event loop turn, wherever it is gathered', async () => {
  const told = await run(Array<string>(130).fill('x'));
  assert.equal(told.split(' ').filter((each) => each === 'x').length, 130);
  assert.equal(told.match(/next turn/g)?.length, 2);
});
