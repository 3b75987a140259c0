/**
 * The demo as a program: `npm start`, or with arguments `npm start -- --port 9091 --redis redis://127.0.0.1:6379`. Servers with the same Redis
 * share one room. Port 0 takes a free one; PORT says it as well. SIGINT and SIGTERM stop it in order.
 */

import { parseArgs } from 'node:util';
import type { BusEvent } from 'longwire';
import { RedisBus } from 'longwire/redis';
import { createClient } from 'redis';
import { startDemo } from './app.js';

try {
  const { values } = parseArgs({ options: { port: { type: 'string' }, redis: { type: 'string' } } });
  const redis = values.redis === undefined ? undefined : await connectTo(values.redis);
  const bus = redis && new RedisBus(redis);
  const demo = await startDemo({ port: Number(values.port ?? (process.env['PORT'] || 9090)), bus, onBusEvent: tell }).catch(async (error: unknown) => {
    redis?.destroy();
    throw error;
  });
  console.log(`Longwire demo: ${demo.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await demo.stop();
      await bus?.close();
      redis?.destroy();
    });
  }
} catch (error) {
  console.error(`The demo does not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** A Redis that is not there at the start is a mistake; one that goes later is waited for. */
async function connectTo(url: string) {
  let wasThere = false;
  const client = createClient({ url, socket: { reconnectStrategy: (retries) => wasThere && Math.min(100 * retries, 2_000) } });
  client.on('ready', () => (wasThere = true));
  client.on('error', () => {}); // the bus tells what comes of it
  return client.connect();
}

function tell(event: BusEvent): void {
  if (event.group !== 'room') return;
  if (event.type === 'restored') console.log(`Redis is back${event.hasGap ? ', and some messages are lost' : ''}.`);
  else console.error(event.type === 'lost' ? 'Redis is gone: what is said here waits for it.' : 'A message did not reach Redis.');
}
