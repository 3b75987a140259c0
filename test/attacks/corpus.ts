/** Every attack of the corpus, by its family. */

import type { Family } from '../support/attacks.js';
import { CHUNK } from './families/chunk.js';
import { CL_0 } from './families/cl-0.js';
import { CL_TE } from './families/cl-te.js';
import { CONTENT_LENGTH } from './families/content-length.js';
import { HEADER_NAMES } from './families/header-names.js';
import { LINE_ENDS } from './families/line-ends.js';
import { PIPELINING } from './families/pipelining.js';
import { REQUEST_LINE } from './families/request-line.js';
import { TE_CL } from './families/te-cl.js';
import { TE_TE } from './families/te-te.js';
import { TRAILERS } from './families/trailers.js';
import { UPGRADE } from './families/upgrade.js';
import { ZERO_CL } from './families/zero-cl.js';

export const CORPUS: readonly Family[] = [
  CL_TE, TE_CL, TE_TE, CL_0, ZERO_CL, CONTENT_LENGTH, CHUNK, TRAILERS, LINE_ENDS, HEADER_NAMES, REQUEST_LINE, UPGRADE, PIPELINING,
];

/** How many attacks there are, by family and in all. */
export function countAttacks(): Readonly<Record<string, number>> {
  const counts = Object.fromEntries(CORPUS.map(({ name, attacks }) => [name, attacks.length]));
  return { ...counts, all: CORPUS.reduce((sum, { attacks }) => sum + attacks.length, 0) };
}
