/** What a run found, one file each: enough to see it, to run it again, and to make a test of it. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { latin1Bytes } from '../test/support/pieces.js';
import type { Judgement } from './judge.js';

/** Beside the sources, not in the build. */
export const FINDINGS_FOLDER = join(import.meta.dirname, '..', '..', 'fuzz', 'findings');

export interface Finding {
  /** Who accepts, at which stage, and how the other refuses. */
  readonly kind: string;
  readonly seed: number;
  readonly node: string;
  /** As text, one character a byte. */
  readonly smallest: string;
  readonly bytes: string;
  readonly verdicts: { readonly longwire: unknown; readonly node: unknown };
}

/**
 * @param smallest what the bytes could be shrunk to, with its verdicts; the file is named after it.
 */
export function saveFinding(folder: string, kind: string, seed: number, bytes: Uint8Array, smallest: Judgement): { path: string; isNew: boolean } {
  const finding: Finding = {
    kind,
    seed,
    node: `${process.version}, llhttp ${process.versions['llhttp']}`,
    smallest: latin1(smallest.bytes),
    bytes: latin1(bytes),
    verdicts: { longwire: smallest.longwire, node: smallest.node },
  };
  mkdirSync(folder, { recursive: true });
  const digest = createHash('sha256').update(smallest.bytes).digest('hex').slice(0, 12);
  const path = join(folder, `${kind.replaceAll(' ', '-')}-${digest}.json`);
  const isNew = !existsSync(path);
  writeFileSync(path, `${JSON.stringify(finding, null, 2)}\n`);
  return { path, isNew };
}

/** The bytes of a finding: what was generated, then what it was shrunk to. */
export function loadFinding(path: string): Uint8Array[] {
  const { bytes, smallest } = JSON.parse(readFileSync(path, 'utf8')) as Finding;
  return [latin1Bytes(bytes), latin1Bytes(smallest)];
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
