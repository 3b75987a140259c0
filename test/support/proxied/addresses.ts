/** Whom a request comes from behind a proxy that tells in `Forwarded` or `X-Forwarded-For`, and what counts for whom. */

import assert from 'node:assert/strict';
import type { HttpRequest } from 'longwire';
import { ask } from '../ask.js';
import { startChannelServer } from '../channels.js';
import { FakeClock } from '../clock.js';
import { startServer } from '../server.js';
import { keepAlive, type ProxiedCase } from './cases.js';

/** The proxy as the server sees it, and two clients. */
const TRUST = { trustProxy: ['127.0.0.1'] };
const ADA = '127.0.0.2';
const BOB = '127.0.0.3';

const whoAsks = ({ remoteAddress, scheme }: HttpRequest): string => `${scheme} ${remoteAddress}`;

/** What a client may say of itself. */
const SPOOFS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  nothing: {},
  'X-Forwarded-For': { 'X-Forwarded-For': '10.9.8.7' },
  'X-Forwarded-For with the name of the proxy': { 'X-Forwarded-For': '10.9.8.7, 127.0.0.1' },
  Forwarded: { Forwarded: 'for=10.9.8.7;proto=https' },
  'X-Forwarded-Proto': { 'X-Forwarded-Proto': 'https' },
  'all of them': { 'X-Forwarded-For': '10.9.8.7', 'X-Forwarded-Proto': 'https', Forwarded: 'for=10.9.8.7;proto=https' },
};

/** For proxies that set `Forwarded` or `X-Forwarded-For`, and remove the other. */
export const FORWARDED: readonly ProxiedCase[] = [
  {
    name: 'with trustProxy the address is that of the client, whatever it says of itself',
    async run(t, front) {
      const { port: upstreamPort } = await startServer(t, whoAsks, TRUST);
      const port = await front(upstreamPort);
      for (const [name, headers] of Object.entries(SPOOFS)) {
        for (const localAddress of [ADA, BOB]) assert.equal((await ask({ port, localAddress, headers })).body, `http ${localAddress}`, name);
      }
    },
  },
  {
    name: 'without trustProxy the address is that of the proxy, whatever it says',
    async run(t, front) {
      const { port: upstreamPort } = await startServer(t, whoAsks, { trustProxy: ['10.0.0.0/8'] });
      const port = await front(upstreamPort);
      for (const headers of Object.values(SPOOFS)) assert.equal((await ask({ port, localAddress: ADA, headers })).body, 'http 127.0.0.1');
    },
  },
  {
    name: 'maxRequestsPerSecond counts each client behind it, whatever a client says of itself',
    async run(t, front) {
      const { server, port: upstreamPort } = await startServer(t, whoAsks, { ...TRUST, maxRequestsPerSecond: 3 }, new FakeClock());
      const [port, agent] = [await front(upstreamPort), keepAlive(t, 1)];
      const statuses = [];
      for (let i = 0; i < 5; i++) statuses.push((await ask({ port, agent, localAddress: ADA, headers: { 'X-Forwarded-For': `10.0.0.${i}` } })).status);
      assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
      assert.equal((await ask({ port, localAddress: BOB })).status, 200);
      assert.equal(server.stats().errors['HTTP_TOO_MANY_REQUESTS'], 2);
    },
  },
  {
    name: 'its own connections are exempt from maxConnectionsPerAddress',
    async run(t, front) {
      const channels = await startChannelServer(t, { ...TRUST, maxConnectionsPerAddress: 1 });
      const port = await front(channels.port);
      const answers = Array.from({ length: 5 }, () => ask({ port, localAddress: ADA }));
      for (let i = 0; i < 5; i++) (await channels.next()).channel.send('fine');
      assert.deepEqual((await Promise.all(answers)).map(({ body }) => body), Array.from({ length: 5 }, () => 'fine'));
      assert.equal(channels.server.stats().connections.refused, 0);
    },
  },
];
