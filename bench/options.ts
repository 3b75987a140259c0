/** What the command line asks for. */

import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Fewer and shorter rounds: all rows in less than ten minutes. */
  readonly isQuick: boolean;
  /** Rows whose name or title holds one of these; all without any. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  /** Versions of Node that the servers run on; the one that runs this without any. */
  readonly nodes: readonly string[];
  /** Whether results are written to `bench/results`. */
  readonly isWritten: boolean;
  /** Whether the packages of the peers are installed where they are missing. */
  readonly installs: boolean;
}

export const USAGE = 'npm run bench -- [--quick] [--only word,word] [--rounds n] [--seconds n] [--node 20,24,26] [--write] [--no-install]';

/** @throws TypeError where something is not as it can be. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'quick': { type: 'boolean', default: false },
      'only': { type: 'string', default: '' },
      'rounds': { type: 'string' },
      'seconds': { type: 'string' },
      'node': { type: 'string', default: '' },
      'write': { type: 'boolean', default: false },
      'no-install': { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
  const seconds = Number(values.seconds ?? (values.quick ? 0.4 : 2));
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new TypeError('--rounds is a whole number from 1');
  if (!(seconds > 0)) throw new TypeError('--seconds is a number above 0');
  const nodes = words(values.node);
  for (const node of nodes) if (!/^\d+(\.\d+){0,2}$/.test(node)) throw new TypeError('--node is a list of versions, such as 20,24');
  return { isQuick: values.quick, only: words(values.only), rounds, seconds, nodes, isWritten: values.write || !values.quick, installs: !values['no-install'] };
}

function words(list: string): string[] {
  return list.split(',').map((word) => word.trim()).filter((word) => word !== '');
}
