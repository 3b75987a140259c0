/** The newest results of each kind, as they lie in `bench/results`. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BroadcastResults } from './broadcast/results.js';
import { newestOfEachNode, type Newest } from './charts.js';
import type { GrowthResults } from './growth/main.js';
import type { ProfileResults } from './profile/main.js';
import { RESULTS, type Results } from './results.js';
import type { SoakResults } from './soak/main.js';

export function newestResults(): Newest {
  // Their names begin with the date, behind the kind: the last is the newest.
  const files = readdirSync(RESULTS).filter((file) => file.endsWith('.json')).sort();
  const load = <T>(wanted: RegExp): T[] => files.filter((file) => wanted.test(file)).map((file) => JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) as T);
  return {
    runs: newestOfEachNode(load<Results>(/^\d/)),
    growth: load<GrowthResults>(/^growth-/).at(-1),
    soak: load<SoakResults>(/^soak-/).at(-1),
    profile: load<ProfileResults>(/^profile-/).at(-1),
    broadcast: load<BroadcastResults>(/^broadcast-/).at(-1),
  };
}
