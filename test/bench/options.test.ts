/** The command line of the benchmark. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from '../../bench/options.js';

test('without anything a run is whole, and its results are written', () => {
  assert.deepEqual(parseOptions([]), { isQuick: false, only: [], rounds: 5, seconds: 2, nodes: [], isWritten: true, installs: true });
});

test('a quick run is shorter, and writes nothing unless it is told to', () => {
  const { isQuick, rounds, seconds, isWritten } = parseOptions(['--quick']);
  assert.ok(isQuick && rounds < 5 && seconds < 2 && !isWritten);
  assert.ok(parseOptions(['--quick', '--write']).isWritten);
});

test('lists are separated by commas', () => {
  const { only, nodes } = parseOptions(['--only', 'echo-64, hello', '--node', '20,24.1,26']);
  assert.deepEqual(only, ['echo-64', 'hello']);
  assert.deepEqual(nodes, ['20', '24.1', '26']);
});

for (const args of [['--rounds', '0'], ['--rounds', 'many'], ['--seconds', '0'], ['--node', 'latest'], ['--unknown']]) {
  test(`${args.join(' ')} is refused`, () => {
    assert.throws(() => parseOptions(args), TypeError);
  });
}
