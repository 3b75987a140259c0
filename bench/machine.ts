/** Where and of what something was measured: numbers mean nothing without. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { ROOT } from './paths.js';

export interface Machine {
  readonly system: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface Revision {
  readonly commit: string;
  /** Whether files differed from those of the commit. */
  readonly isDirty: boolean;
}

export function describeMachine(): Machine {
  return { system: systemName(), kernel: `${type()} ${release()}`, cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), memoryBytes: totalmem() };
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?(.+?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}

/** What is checked out; results that are written later count for nothing. */
export function describeRevision(): Revision {
  const commit = git('rev-parse', '--short=10', 'HEAD');
  return { commit: commit === '' ? 'unknown' : commit, isDirty: git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench/results', ':!docs/bench') !== '' };
}

function git(...args: readonly string[]): string {
  const { stdout, status } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

/** When something was measured, as results have it. */
export function momentOf(time: Date): { date: string; measuredAt: string } {
  const measuredAt = time.toISOString();
  return { date: measuredAt.slice(0, 10), measuredAt };
}
