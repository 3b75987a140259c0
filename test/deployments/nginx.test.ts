/** Behind nginx, set up as docs/DEPLOYMENT.md says. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ask } from '../support/ask.js';
import { FORWARDED } from '../support/proxied/addresses.js';
import { CHANNELS, EVENTS, STREAMED } from '../support/proxied/channels.js';
import { MESSAGES } from '../support/proxied/messages.js';
import { checkRestart } from '../support/proxied/restart.js';
import { deploymentConfig, nginxStreamTest, nginxTest, replaceAll } from '../support/proxies.js';
import { startServer } from '../support/server.js';

const UPSTREAM = /upstream app \{[^}]*\}/;

/** The page's configuration, which listens on `port`, with each name replaced. */
function nginxConfig(port: number, replacements: Readonly<Record<string, string>>): string {
  return deploymentConfig('nginx', { 'listen 80;': `listen 127.0.0.1:${port};`, ...replacements });
}

for (const { name, run } of [...MESSAGES, ...CHANNELS, ...FORWARDED]) {
  nginxTest(`nginx: ${name}`, (t, start) => run(t, (upstream) => start((port) => nginxConfig(port, { '127.0.0.1:9090': `127.0.0.1:${upstream}` }))));
}

nginxTest(`nginx with proxy_buffering on, to a response with X-Accel-Buffering: ${STREAMED.name}`, (t, start) =>
  STREAMED.run(t, (upstream) => start((port) => nginxConfig(port, { '127.0.0.1:9090': `127.0.0.1:${upstream}`, 'proxy_buffering off;': 'proxy_buffering on;' }))));

for (const version of ['1.1', '1.0']) {
  nginxTest(`nginx with proxy_buffering on and HTTP/${version} to the server: ${EVENTS.name}`, (t, start) =>
    EVENTS.run(t, (upstream) =>
      start((port) => {
        const version10 = version === '1.0' ? { 'proxy_http_version 1.1;': 'proxy_http_version 1.0;', 'proxy_set_header Connection $connection_upgrade;': '' } : {};
        return nginxConfig(port, { '127.0.0.1:9090': `127.0.0.1:${upstream}`, 'proxy_buffering off;': 'proxy_buffering on; gzip on;', ...version10 });
      })));
}

nginxTest('nginx: a client whose Forwarded is not removed counts as the proxy, and borrows nobody\'s address', async (t, start) => {
  const { port: upstream } = await startServer(t, ({ remoteAddress }) => remoteAddress, { trustProxy: ['127.0.0.1'] });
  const port = await start((own) => nginxConfig(own, { '127.0.0.1:9090': `127.0.0.1:${upstream}`, 'proxy_set_header Forwarded "";': '' }));
  const headers = { Forwarded: 'for=10.9.8.7' };
  assert.equal((await ask({ port, localAddress: '127.0.0.2', headers })).body, '127.0.0.1');
  assert.equal((await ask({ port, localAddress: '127.0.0.2' })).body, '127.0.0.2');
});

nginxTest('nginx over a unix socket: trustProxy «unix» gives the address of the client', async (t, start) => {
  let path = '';
  const port = await start((own, folder) => {
    path = join(folder, 'longwire.sock');
    const upstream = replaceAll(deploymentConfig('nginx over a unix socket'), { '/run/app/longwire.sock': path });
    return nginxConfig(own, {}).replace(UPSTREAM, upstream);
  });
  const { server } = await startServer(t, ({ remoteAddress, scheme }) => `${scheme} ${remoteAddress}`, { path, trustProxy: ['unix'] });
  for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
    assert.equal((await ask({ port, localAddress, headers: { 'X-Forwarded-For': '10.9.8.7' } })).body, `http ${localAddress}`);
  }
  assert.equal(server.stats().connections.total, 1);
});

nginxTest('nginx: no request is lost when one of two servers is stopped', (t, start) =>
  checkRestart(t, ([first, second]) =>
    start((port) => {
      const upstream = replaceAll(deploymentConfig('Restarts behind nginx'), { '127.0.0.1:9090': `127.0.0.1:${first}`, '127.0.0.1:9091': `127.0.0.1:${second}` });
      return nginxConfig(port, {}).replace(UPSTREAM, upstream);
    })));

for (const { name, run } of [...MESSAGES, ...CHANNELS]) {
  nginxStreamTest(`nginx with proxy_protocol: ${name}`, (t, start) =>
    run(t, (upstream) => start((port) => streamConfig(port, upstream)), { trustProxy: ['127.0.0.1'], proxyProtocol: 'required' }));
}

nginxStreamTest('nginx with proxy_protocol: the address is the client\'s, whatever fields it sends', async (t, start) => {
  const { port: upstream } = await startServer(t, ({ remoteAddress }) => remoteAddress, { trustProxy: ['127.0.0.1'], proxyProtocol: 'required' });
  const port = await start((own) => streamConfig(own, upstream));
  assert.equal((await ask({ port, localAddress: '127.0.0.2', headers: { 'X-Forwarded-For': '10.9.8.7' } })).body, '127.0.0.2');
});

function streamConfig(port: number, upstream: number): string {
  return deploymentConfig('The PROXY protocol with nginx', { 'listen 80;': `listen 127.0.0.1:${port};`, '127.0.0.1:9090': `127.0.0.1:${upstream}` });
}
