/** Behind HAProxy, set up as docs/DEPLOYMENT.md says. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext } from 'node:test';
import type { HttpRequest } from 'longwire';
import { ask } from '../support/ask.js';
import { certificate } from '../support/certificate.js';
import { startChannelServer } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { FORWARDED } from '../support/proxied/addresses.js';
import { CHANNELS } from '../support/proxied/channels.js';
import { MESSAGES } from '../support/proxied/messages.js';
import { checkRestart } from '../support/proxied/restart.js';
import { deploymentConfig, haproxyTest, replaceAll } from '../support/proxies.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

const BACKEND = /^backend app\n(?:    .*\n)*/m;
/** Checks would count as connections: one at the start is enough. */
const SELDOM = { ' check\n': ' check inter 1h\n' };

function haproxyConfig(port: number, upstream: number): string {
  return deploymentConfig('HAProxy', { 'bind :80': `bind 127.0.0.1:${port}`, '127.0.0.1:9090': `127.0.0.1:${upstream}`, ...SELDOM });
}

for (const { name, run } of [...MESSAGES, ...CHANNELS, ...FORWARDED]) {
  haproxyTest(`HAProxy: ${name}`, (t, start) => run(t, (upstream) => start((port) => haproxyConfig(port, upstream))));
}

for (const { name, run } of FORWARDED) {
  haproxyTest(`HAProxy that sets Forwarded: ${name}`, (t, start) =>
    run(t, (upstream) =>
      start((port) => haproxyConfig(port, upstream).replace(BACKEND, deploymentConfig('Forwarded behind HAProxy', { '127.0.0.1:9090': `127.0.0.1:${upstream}`, ...SELDOM })))));
}

haproxyTest('HAProxy: leaves 100 to the server, and so a client that waits for it never sends a body that is refused', async (t, start) => {
  const { port: upstream } = await startServer(t, () => ({ status: 403, body: 'not you' }));
  const client = await RawClient.open(t, await start((port) => haproxyConfig(port, upstream)));
  await client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n');
  assert.match(await client.readUntil('not you'), /^HTTP\/1\.1 403 /);
});

haproxyTest('HAProxy: no request is lost when one of two servers is stopped', (t, start) =>
  checkRestart(t, ([first, second]) =>
    start((port) => {
      const backend = deploymentConfig('Restarts behind HAProxy', { '127.0.0.1:9090': `127.0.0.1:${first}`, '127.0.0.1:9091': `127.0.0.1:${second}` });
      return haproxyConfig(port, first).replace(BACKEND, backend);
    })));

// The PROXY protocol.

type Version = 'send-proxy' | 'send-proxy-v2';
const VERSIONS: readonly Version[] = ['send-proxy', 'send-proxy-v2'];
const TRUST = { trustProxy: ['127.0.0.1'] };
const [ADA, BOB] = ['127.0.0.2', '127.0.0.3'];

function tcpConfig(port: number, upstream: number, version: Version = 'send-proxy-v2', check = 'inter 1h'): string {
  return deploymentConfig('The PROXY protocol', {
    'bind :80': `bind 127.0.0.1:${port}`,
    '127.0.0.1:9090 send-proxy-v2': `127.0.0.1:${upstream} ${version}`,
    ' check\n': ` check ${check}\n`,
  });
}

const whoAsks = ({ remoteAddress, remotePort, scheme }: HttpRequest): string => `${scheme} ${remoteAddress} ${remotePort}`;

/** What the handler sees of a client that says that it is somebody else, and the port the client asked from. */
async function askRaw(t: TestContext, port: number): Promise<{ seen: string; localPort: number }> {
  const client = await RawClient.open(t, { host: '127.0.0.1', port, localAddress: ADA });
  await client.send(request('/', 'X-Forwarded-For: 10.9.8.7\r\nX-Forwarded-Proto: https\r\nForwarded: for=10.9.8.7\r\n'));
  return { seen: (await client.readResponse()).body, localPort: client.socket.localPort! };
}

for (const version of VERSIONS) {
  for (const proxyProtocol of ['required', 'optional'] as const) {
    haproxyTest(`HAProxy with ${version} and proxyProtocol «${proxyProtocol}»: address and port are the client's, whatever fields it sends`, async (t, start) => {
      const { port: upstream } = await startServer(t, whoAsks, { ...TRUST, proxyProtocol });
      const { seen, localPort } = await askRaw(t, await start((port) => tcpConfig(port, upstream, version)));
      assert.equal(seen, `http ${ADA} ${localPort}`);
      });
  }

  haproxyTest(`HAProxy with ${version} in front of TLS: the header comes ahead of the handshake`, async (t, start) => {
    const own = certificate(t);
    if (own === undefined) return;
    const { port: upstream } = await startServer(t, whoAsks, { ...TRUST, proxyProtocol: 'required', tls: own });
    const port = await start((port) => tcpConfig(port, upstream, version));
    assert.match(await askTls(port, own.cert), new RegExp(`^https ${ADA} [1-9]`));
  });

  haproxyTest(`HAProxy with ${version} that speaks HTTP, and TLS to the server: the address is the client's`, async (t, start) => {
    const own = certificate(t);
    if (own === undefined) return;
    const { port: upstream } = await startServer(t, whoAsks, { ...TRUST, proxyProtocol: 'required', tls: own });
    const port = await start((port) => replaceAll(haproxyConfig(port, upstream), { ' check': ` ssl verify none ${version} check` }));
    assert.match((await ask({ port, localAddress: ADA })).body, new RegExp(`^https ${ADA} [1-9]`));
  });
}

function askTls(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    httpsGet({ host: '127.0.0.1', port, ca, servername: 'localhost', agent: false, localAddress: ADA }, (response) => resolve(text(response))).on('error', reject);
  });
}

haproxyTest('HAProxy with send-proxy-v2-ssl where TLS ends: the scheme is https', async (t, start) => {
  const own = certificate(t);
  if (own === undefined) return;
  const { port: upstream } = await startServer(t, whoAsks, { ...TRUST, proxyProtocol: 'required' });
  const port = await start((port, folder) => {
    const pem = join(folder, 'site.pem');
    writeFileSync(pem, own.cert + own.key);
    const defaults = tcpConfig(port, upstream).split('frontend')[0]!;
    return defaults + deploymentConfig('TLS ends at HAProxy', { 'bind :443': `bind 127.0.0.1:${port}`, '/etc/haproxy/site.pem': pem, '127.0.0.1:9090': `127.0.0.1:${upstream}` });
  });
  assert.match(await askTls(port, own.cert), new RegExp(`^https ${ADA} [1-9]`));
});

for (const { name, run } of [...MESSAGES, ...CHANNELS]) {
  haproxyTest(`HAProxy with send-proxy-v2: ${name}`, (t, start) => run(t, (upstream) => start((port) => tcpConfig(port, upstream)), { ...TRUST, proxyProtocol: 'required' }));
}

for (const version of VERSIONS) {
  haproxyTest(`HAProxy with ${version}: health checks that only connect break no rule, those by HTTP are the proxy's own requests`, async (t, start) => {
    const seen: string[] = [];
    const { server, port: upstream } = await startServer(t, ({ path, remoteAddress }) => (seen.push(`${path} of ${remoteAddress}`), 'fine'), { ...TRUST, proxyProtocol: 'required', maxConnectionsPerAddress: 1 });
    await start((port) => {
      const config = tcpConfig(port, upstream, version, 'inter 10ms');
      const checkedByHttp = BACKEND.exec(config)![0].replace('backend app\n', 'backend other\n    option httpchk GET /health\n');
      return config + checkedByHttp;
    });
    await until(() => seen.length >= 10, 'the tenth check by HTTP');
    assert.deepEqual(new Set(seen), new Set(['/health of 127.0.0.1']));
    const { connections, errors } = server.stats();
    assert.equal(connections.refused, 0);
    assert.deepEqual(Object.keys(errors).filter((code) => code.startsWith('PROXY_')), []);
  });
}

haproxyTest('HAProxy with send-proxy-v2: maxConnectionsPerAddress counts each client behind it', async (t, start) => {
  const channels = await startChannelServer(t, { ...TRUST, proxyProtocol: 'required', maxConnectionsPerAddress: 2 });
  const port = await start((own) => tcpConfig(own, channels.port));
  const open = async (localAddress: string): Promise<RawClient> => {
    const client = await RawClient.open(t, { host: '127.0.0.1', port, localAddress });
    await client.send(request());
    return client;
  };
  const first = await open(ADA);
  const polls = [await channels.next()];
  await open(ADA);
  polls.push(await channels.next());
  const refused = await open(ADA);
  assert.match(await refused.readToEnd(), /^HTTP\/1\.1 503 /);
  refused.end();
  await open(BOB);
  polls.push(await channels.next());
  assert.equal(channels.server.stats().connections.refused, 1);
  first.end();
  await polls[0]!.closed();
  await until(() => channels.server.stats().connections.open === 2, 'the place of the first');
  await open(ADA);
  await channels.next();
});

haproxyTest('HAProxy with send-proxy-v2: maxRequestsPerSecond counts each client behind it', async (t, start) => {
  const { port: upstream } = await startServer(t, whoAsks, { ...TRUST, proxyProtocol: 'required', maxRequestsPerSecond: 2 }, new FakeClock());
  const port = await start((own) => tcpConfig(own, upstream));
  const statusOf = async (localAddress: string): Promise<number> => (await ask({ port, localAddress })).status;
  assert.deepEqual([await statusOf(ADA), await statusOf(ADA), await statusOf(ADA), await statusOf(BOB)], [200, 200, 429, 200]);
});

haproxyTest('HAProxy without the header where it is required: nothing reaches the handler, and it is told', async (t, start) => {
  const { server, port: upstream } = await startServer(t, whoAsks, { ...TRUST, proxyProtocol: 'required' });
  const port = await start((own) => tcpConfig(own, upstream).replace(' send-proxy-v2', ''));
  const client = await RawClient.open(t, port);
  await client.send(request());
  assert.equal(await client.readToEnd(), '');
  const { requests, errors } = server.stats();
  assert.deepEqual([requests, errors], [0, { PROXY_HEADER_MISSING: 1 }]);
});
