/** The newest results of each kind, as they lie in `bench/results`. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BroadcastResults } from './broadcast/results.js';
import { newestOf, newestOfEachNode, type Newest } from './charts.js';
import type { GrowthResults } from './growth/main.js';
import { IDLE_WORKLOADS } from './idle.js';
import type { ProfileResults } from './profile/main.js';
import { RESULTS, type Results } from './results.js';
import type { SoakResults } from './soak/main.js';
import { WORKLOADS } from './workloads.js';

export function newestResults(): Newest {
  const files = readdirSync(RESULTS).filter((file) => file.endsWith('.json'));
  const load = <T>(wanted: RegExp): T[] => files.filter((file) => wanted.test(file)).map((file) => JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) as T);
  return {
    runs: newestOfEachNode(load<Results>(/^\d/), WORKLOADS.map(({ name }) => name), IDLE_WORKLOADS.map(({ name }) => name)),
    growth: newestOf(load<GrowthResults>(/^growth-/)),
    soak: newestOf(load<SoakResults>(/^soak-/)),
    profile: newestOf(load<ProfileResults>(/^profile-/)),
    broadcast: newestOf(load<BroadcastResults>(/^broadcast-/)),
  };
}
