/** autocannon, as its users run it. It is often at its own limit before the server is. */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type autocannon from 'autocannon';
import type { Latency } from '../histogram.js';
import { BENCH } from '../paths.js';
import { type Load, loadTask, type RawTask, runLoad } from './load.js';

/** From the packages of the benchmark, or those of the project where they are not installed. */
const run = createRequire(join(BENCH, 'package.json'))('autocannon') as typeof autocannon;

class AutocannonLoad implements Load {
  readonly #task: RawTask;

  constructor(task: RawTask) {
    this.#task = task;
  }

  async prepare(): Promise<void> {
    await this.#runFor(this.#task.warmSeconds);
  }

  async run(): Promise<{ operations: number; latency: Latency }> {
    const { requests, latency } = await this.#runFor(this.#task.seconds);
    return { operations: requests.total, latency: { p50: latency.p50 * 1000, p99: latency.p99 * 1000, p999: latency.p99_9 * 1000 } };
  }

  async #runFor(seconds: number): Promise<autocannon.Result> {
    const { port, connections, inFlight } = this.#task;
    const result = await run({ url: `http://127.0.0.1:${port}`, connections, pipelining: inFlight, duration: seconds });
    if (result.errors > 0 || result.non2xx > 0) throw new Error(`${result.errors} errors and ${result.non2xx} answers that were not 2xx`);
    return result;
  }
}

await runLoad(new AutocannonLoad(loadTask<RawTask>()));
