/** What a run found, one file each: enough to see it, to run it again, and to make a test of it. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { latin1Bytes } from '../test/support/pieces.js';
import type { FuzzCase, FuzzJudgement } from './target.js';

/** Beside the sources, not in the build. */
export const FINDINGS_FOLDER = join(import.meta.dirname, '..', '..', 'fuzz', 'findings');

export interface Finding {
  readonly target: string;
  /** For HTTP who accepts, at which stage, and how the other refuses; for WebSocket what is wrong. */
  readonly kind: string;
  readonly seed: number;
  readonly node: string;
  /** As text, one character a byte. */
  readonly smallest: string;
  readonly bytes: string;
  readonly verdicts: Readonly<Record<string, unknown>>;
}

/**
 * @param smallest what the bytes could be shrunk to, with its verdicts; the file is named after it.
 */
export function saveFinding(folder: string, target: string, kind: string, { seed, bytes }: FuzzCase, smallest: FuzzJudgement): { path: string; isNew: boolean } {
  const finding: Finding = {
    target,
    kind,
    seed,
    node: `${process.version}, llhttp ${process.versions['llhttp']}`,
    smallest: latin1(smallest.bytes),
    bytes: latin1(bytes),
    verdicts: smallest.verdicts,
  };
  mkdirSync(folder, { recursive: true });
  const digest = createHash('sha256').update(`${target === 'http' ? '' : seed} `).update(smallest.bytes).digest('hex').slice(0, 12);
  const path = join(folder, `${target}-${kind.replaceAll(' ', '-')}-${digest}.json`);
  const isNew = !existsSync(path);
  writeFileSync(path, `${JSON.stringify(finding, null, 2)}\n`);
  return { path, isNew };
}

/** The cases of a finding, for its target: what was generated, then what it was shrunk to. */
export function loadFinding(path: string): { target: string; cases: FuzzCase[] } {
  const { target, seed, bytes, smallest } = JSON.parse(readFileSync(path, 'utf8')) as Finding;
  return { target, cases: [bytes, smallest].map((text) => ({ seed, bytes: latin1Bytes(text) })) };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
