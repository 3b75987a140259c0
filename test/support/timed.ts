/** A server whose time stands still but for the test, and a client of it that knows when its bytes have arrived. */

import type { TestContext } from 'node:test';
import type { Handler, ServerOptions } from 'longwire';
import { FakeClock } from './clock.js';
import { RawClient } from './raw-client.js';
import { startServer, type TestServer } from './server.js';
import { until } from './signals.js';

export interface Timed extends TestServer {
  readonly clock: FakeClock;
  readonly client: RawClient;
  /** Sends, and waits until the server has read it. */
  deliver(bytes: string): Promise<void>;
}

/** A server whose time stands still but for `clock.advance`, and a client that it has accepted. */
export async function startTimed(t: TestContext, handler: Handler, options: ServerOptions = {}): Promise<Timed> {
  const clock = new FakeClock();
  const started = await startServer(t, handler, options, clock);
  const { server } = started;
  const client = await RawClient.open(t, started.port);
  await until(() => server.stats().connections.open === 1, 'the accept');
  const deliver = async (bytes: string): Promise<void> => {
    const before = server.stats().bytes.in;
    await client.send(bytes);
    await until(() => server.stats().bytes.in === before + bytes.length, 'the arrival');
  };
  return { ...started, clock, client, deliver };
}
