/** What a case behind a proxy is, and how many requests are asked at once. */

import { Agent } from 'node:http';
import type { TestContext } from 'node:test';
import type { ServerOptions } from 'longwire';

/** Puts a proxy in front of a port, and resolves with the proxy's. */
export type PutProxy = (upstreamPort: number) => Promise<number>;

export interface ProxiedCase {
  readonly name: string;
  /** @param options what the server needs for this proxy. */
  run(t: TestContext, front: PutProxy, options?: ServerOptions): Promise<void>;
}

/** Keeps connections until the test is over. */
export function keepAlive(t: TestContext, maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  t.after(() => agent.destroy());
  return agent;
}

/** Runs `count` tasks, `width` at a time. */
export async function runMany(count: number, width: number, run: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: width }, work));
}
