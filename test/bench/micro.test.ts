/** The micro benchmarks measure what they are told, and each of them runs. How fast anything is, is not tested. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MICRO_BENCHMARKS, NAMES } from '../../bench/micro/comparisons.js';
import { type Comparison, kept, loopAlone, measure, median, type Meter, over, overLater, PROCESS_METER, type Way } from '../../bench/micro/measure.js';
import { round, tableOf } from '../../bench/micro/table.js';
import { ROOT } from '../support/documents.js';

const TINY = { rounds: 1, roundMs: 0.05 };

/** Time and memory that pass only where a way says so. */
class FakeMeter implements Meter {
  milliseconds = 0;
  bytes = 0;

  now(): number {
    return this.milliseconds;
  }

  allocatedBytes(): number {
    return this.bytes;
  }

  /** A way whose every time takes `nanos` and allocates `bytes`. */
  way(name: string, nanos: number, bytes = 0): Way {
    return {
      name,
      run: (times) => {
        this.milliseconds += (times * nanos) / 1e6;
        this.bytes += times * bytes;
        return times;
      },
    };
  }
}

describe('measure', () => {
  test('gives the nanoseconds and the bytes of one operation of each way, in their order', async () => {
    const meter = new FakeMeter();
    const ways = [meter.way('slow', 2000, 100), meter.way('quick', 500, 0)];
    const [slow, quick] = await measure({ title: '', ways }, { rounds: 5, roundMs: 1 }, meter);
    assert.deepEqual(rounded(slow!), { name: 'slow', median: 2000, fastest: 2000, slowest: 2000, allocated: 100 });
    assert.deepEqual(rounded(quick!), { name: 'quick', median: 500, fastest: 500, slowest: 500, allocated: 0 });
  });

  test('divides by the operations that lie in one time', async () => {
    const meter = new FakeMeter();
    const [only] = await measure({ title: '', operations: 16, ways: [meter.way('burst', 1600, 320)] }, { rounds: 3, roundMs: 1 }, meter);
    assert.deepEqual(rounded(only!), { name: 'burst', median: 100, fastest: 100, slowest: 100, allocated: 20 });
  });

  test('lets the ways take turns, every round beginning with another', async () => {
    const meter = new FakeMeter();
    const calls: string[] = [];
    const ways = ['a', 'b', 'c'].map((name) => noting(meter.way(name, 1000), () => calls.push(name)));
    await measure({ title: '', ways }, { rounds: 4, roundMs: 1 }, meter);
    // One round of warming up, behind the runs that find how often a way runs in a round, and ahead of those that count what is allocated.
    assert.match(calls.join(''), /^a+b+c+abcbcacababcbcaa+b+c+$/);
  });

  test('lets each way run for about as long in a round', async () => {
    const meter = new FakeMeter();
    const runs: number[] = [];
    await measure({ title: '', ways: [noting(meter.way('', 250), (times) => runs.push(times))] }, { rounds: 8, roundMs: 2 }, meter);
    assert.equal(runs.filter((times) => times === 2e6 / 250).length >= 8, true);
  });

  test('is not misled by a round in which something else ran', async () => {
    const meter = new FakeMeter();
    let run = 0;
    const way = noting(meter.way('', 1000), () => {
      if (++run === 20) meter.milliseconds += 1000;
    });
    const [only] = await measure({ title: '', ways: [way] }, { rounds: 15, roundMs: 1 }, meter);
    assert.equal(Math.round(only!.median), 1000);
    assert.equal(Math.round(only!.fastest), 1000);
    assert.equal(only!.slowest > 100_000, true);
  });

  test('is not misled by a collection, and says so where collections never ceased', async () => {
    const meter = new FakeMeter();
    let run = 0;
    const collectedOnce = noting(meter.way('', 1000, 64), () => {
      if (++run % 5 === 0) meter.bytes -= 1e9;
    });
    const [once] = await measure({ title: '', ways: [collectedOnce] }, { rounds: 1, roundMs: 1 }, meter);
    assert.equal(once!.allocated, 64);
    const collectedAlways = noting(meter.way('', 1000, 64), (times) => {
      if (times > 0) meter.bytes -= 1e9;
    });
    const [always] = await measure({ title: '', ways: [collectedAlways] }, { rounds: 1, roundMs: 1 }, meter);
    assert.equal(always!.allocated, undefined);
  });

  test('waits for a way that gives a promise, and keeps what it gave', async () => {
    const meter = new FakeMeter();
    const later: Way = {
      name: 'later',
      async run(times) {
        await new Promise(setImmediate);
        meter.milliseconds += times / 1000;
        return { times };
      },
    };
    const [only] = await measure({ title: '', ways: [later] }, { rounds: 3, roundMs: 1 }, meter);
    assert.equal(Math.round(only!.median), 1000);
    assert.equal(typeof (kept as { times: number }).times, 'number');
  });

  test('counts what a process allocates, in its heap and outside of it', async () => {
    const ways = [over('heap', [64], (length) => new Array(length).fill(length).length), over('ArrayBuffers', [8192], (length) => new Uint8Array(length).length)];
    const [heap, buffers] = await measure({ title: '', ways }, { rounds: 3, roundMs: 1 }, PROCESS_METER);
    assert.ok(heap!.allocated! >= 64 * 8 && heap!.allocated! < 2 * 64 * 8, `an array of 64 took ${heap!.allocated} bytes`);
    assert.ok(buffers!.allocated! >= 8192 && buffers!.allocated! < 2 * 8192, `8192 bytes took ${buffers!.allocated}`);
  });
});

test('the median is the middle value, or the mean of the two in the middle, and moves nothing', () => {
  const values = [9, 1, 5];
  assert.equal(median(values), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.deepEqual(values, [9, 1, 5]);
});

test('over goes on behind the input at which the run before stopped, and sums what its work gives', () => {
  const seen: string[] = [];
  const way = over('', ['a', 'b', 'c'], (input) => seen.push(input));
  assert.equal(way.run(2), 1 + 2);
  assert.equal(way.run(3), 3 + 4 + 5);
  assert.equal(seen.join(''), 'abcab');
  assert.equal(loopAlone(['a']).run(7), 7);
});

test('overLater does one thing at a time', async () => {
  let running = 0;
  const way = overLater('', [1, 2], async (input) => {
    assert.equal(++running, 1);
    await new Promise(setImmediate);
    running--;
    return input;
  });
  assert.equal(await way.run(3), 1 + 2 + 1);
});

test('a table shows each way, its spread, what it allocates, and what is missing', () => {
  const comparison = { title: 'a thing', bytes: 1000, ways: [], missing: ['another: not here'] };
  const measurements = [
    { name: 'the loop alone', median: 2, fastest: 1, slowest: 3, allocated: 0 },
    { name: 'one', median: 1234.5, fastest: 99.96, slowest: 5.678, allocated: 0 },
    { name: 'two', median: 250, fastest: 1, slowest: 1, allocated: undefined },
  ];
  assert.equal(
    tableOf(comparison, measurements),
    `### a thing

|  | ns | fastest to slowest | allocated | MB/s |
| --- | --- | --- | --- | --- |
| the loop alone | 2.00 | 1.00 to 3.00 | 0.00 B |  |
| one | 1,235 | 100.0 to 5.68 | 0.00 B | 810 |
| two | 250 | 1.00 to 1.00 | not known | 4,000 |

Not measured: another: not here.`,
  );
  assert.deepEqual([1.234, 12.34, 123.4, 1234567].map(round), ['1.23', '12.3', '123', '1,234,567']);
});

test('every micro benchmark of the folder stands in the list', () => {
  const files = readdirSync(join(ROOT, 'bench', 'micro')).map((file) => file.slice(0, -'.ts'.length));
  const others = ['comparisons', 'counting-socket', 'main', 'measure', 'table'];
  assert.deepEqual(files.sort(), [...NAMES, ...others].sort());
});

for (const name of NAMES) {
  describe(`the micro benchmark ${name}`, () => {
    for (const comparison of MICRO_BENCHMARKS[name]()) {
      test(`runs: ${comparison.title}`, async () => {
        for (const way of comparison.ways) assert.ok(Number(await way.run(16)) > 0, `${way.name} gave nothing`);
        for (const each of await measure(comparison, TINY)) {
          assert.ok([each.median, each.fastest, each.slowest].every(Number.isFinite), `${each.name} took ${each.median} ns`);
          assert.ok(each.allocated === undefined || Number.isFinite(each.allocated), `${each.name} allocated ${each.allocated} bytes`);
        }
      });
    }
  });
}

for (const name of ['chunked', 'utf8', 'unmask'] as const) {
  test(`all ways of the micro benchmark ${name} find the same`, () => {
    for (const comparison of MICRO_BENCHMARKS[name]().filter(isOfWholes)) {
      // Twice, because unmasking what was unmasked masks it again, for the next way.
      const found = comparison.ways.slice(1).map((way) => [way.run(64), way.run(64)]);
      assert.deepEqual(found, found.map(() => found[0]), comparison.title);
    }
  });
}

test('the command measures what its words name, and refuses what it does not know', () => {
  const chosen = command('frame', '--rounds', '1', '--ms', '0.05');
  assert.equal(chosen.status, 0, chosen.stderr);
  assert.deepEqual(chosen.stdout.match(/^## .*/gm), ['## frame-header']);
  assert.match(chosen.stdout, /^\| decodeHeader, into one that is used again \|/m);
  const unknown = command('nothing-of-the-kind');
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /there are head, chunked, frame-header/);
});

function rounded(measurement: Awaited<ReturnType<typeof measure>>[number]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(measurement).map(([key, value]) => [key, typeof value === 'number' ? Math.round(value) : value]));
}

/** The same way, whose every run is noted ahead. */
function noting(way: Way, note: (times: number) => void): Way {
  return {
    name: way.name,
    run(times) {
      note(times);
      return way.run(times);
    },
  };
}

/** Ways that check fragments give no text to compare. */
function isOfWholes({ title }: Comparison): boolean {
  return !title.includes('fragments');
}

function command(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(ROOT, 'build', 'bench', 'micro', 'main.js'), ...args], { encoding: 'utf8' });
}
