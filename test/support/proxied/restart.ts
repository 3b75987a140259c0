/** A restart behind a proxy that nobody notices. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { ask } from '../ask.js';
import { startServer } from '../server.js';
import { keepAlive } from './cases.js';

/** One of two servers is stopped while four clients ask without a pause: each of their requests must be answered. */
export async function checkRestart(t: TestContext, front: (ports: readonly [number, number]) => Promise<number>): Promise<void> {
  const serve = (name: string) => startServer(t, async ({ path }) => (await new Promise(setImmediate), `${name} ${path}`));
  const [first, second] = [await serve('first'), await serve('second')];
  const [port, agent] = [await front([first.port, second.port]), keepAlive(t, 4)];
  let [fromFirst, afterStop, hasStopped] = [0, 0, false];
  let stopping: Promise<unknown> | undefined;
  const isOver = (): boolean => hasStopped && afterStop >= 100;
  let i = 0;
  const askOn = async (): Promise<void> => {
    while (!isOver()) {
      const path = `/${i++}`;
      const { status, body } = await ask({ port, path, agent });
      assert.equal(status, 200, `${path}: ${body}`);
      assert.equal(body.split(' ')[1], path);
      if (body.startsWith('first ')) fromFirst++;
      if (hasStopped) afterStop++;
      if (fromFirst >= 50) stopping ??= first.server.stop().then(() => (hasStopped = true));
    }
  };
  await Promise.all([askOn(), askOn(), askOn(), askOn()]);
  assert.deepEqual(await stopping, true);
  assert.ok(second.server.stats().requests >= 100);
}
