/** All micro benchmarks by name. Each makes its inputs when it is asked for its comparisons. */

import { broadcastComparisons } from './broadcast.js';
import { channelComparisons } from './channel.js';
import { chunkedComparisons } from './chunked.js';
import { deflateComparisons } from './deflate.js';
import { frameHeaderComparisons } from './frame-header.js';
import { headComparisons } from './head.js';
import type { Comparison } from './measure.js';
import { payloadComparisons } from './payload.js';
import { readComparisons } from './read.js';
import { sentComparisons } from './sent.js';
import { unmaskComparisons } from './unmask.js';
import { utf8Comparisons } from './utf8.js';

export const MICRO_BENCHMARKS = {
  head: headComparisons,
  chunked: chunkedComparisons,
  'frame-header': frameHeaderComparisons,
  unmask: unmaskComparisons,
  payload: payloadComparisons,
  utf8: utf8Comparisons,
  deflate: deflateComparisons,
  channel: channelComparisons,
  broadcast: broadcastComparisons,
  read: readComparisons,
  sent: sentComparisons,
} as const satisfies Record<string, () => Comparison[]>;

export type MicroBenchmark = keyof typeof MICRO_BENCHMARKS;

export const NAMES = Object.keys(MICRO_BENCHMARKS) as MicroBenchmark[];
