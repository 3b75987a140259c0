/** A client that is gone before its connection is ready has no address any more: nothing of what it sent is served, and it is no unix socket. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { HttpRequest, ServerOptions } from 'longwire';
import { certificate } from '../support/certificate.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

const REQUESTS = request('/1', 'X-Forwarded-For: 10.9.8.7\r\n') + request('/2');

/** Connects, sends and resets, all while this process is blocked and cannot accept. */
function sendAndReset(port: number): void {
  const script = `const socket = require('node:net').connect(${port}, '127.0.0.1');
    socket.write(${JSON.stringify(REQUESTS)}, () => socket.resetAndDestroy());`;
  assert.equal(spawnSync(process.execPath, ['-e', script]).status, 0);
}

const OPTIONS: Readonly<Record<string, ServerOptions>> = {
  'a unix socket is trusted': { trustProxy: ['unix'] },
  'requests and connections of an address are limited': { maxRequestsPerSecond: 1, maxConnectionsPerAddress: 1 },
  'the PROXY protocol is required': { trustProxy: ['127.0.0.1'], proxyProtocol: 'required' },
};

for (const [name, options] of Object.entries(OPTIONS)) {
  test(`serves nothing to a client that was reset before it was accepted, where ${name}`, async (t) => {
    const seen: string[] = [];
    const { server, port } = await startServer(t, ({ path, remoteAddress }: HttpRequest) => (seen.push(`${path} of ${remoteAddress}`), 'x'), options);
    sendAndReset(port);
    await until(() => server.stats().errors['ECONNRESET'] === 1, 'the count');
    assert.deepEqual(seen, []);
    const { errors, connections } = server.stats();
    assert.deepEqual([errors, connections.open], [{ ECONNRESET: 1 }, 0]);
  });
}

test('serves nothing to a client that was reset before its TLS handshake was read to the end', async (t) => {
  const own = certificate(t);
  if (own === undefined) return;
  const seen: string[] = [];
  const { server, port } = await startServer(t, ({ path, remoteAddress }) => (seen.push(`${path} of ${remoteAddress}`), 'x'), { tls: own });
  const socket = connect(port, '127.0.0.1');
  const secure = connectTls({ socket, ca: own.cert, servername: 'localhost' });
  secure.on('error', () => {});
  // Within the turn that sends the end of the handshake, so that the server reads it behind the reset.
  secure.once('secureConnect', () => {
    secure.write(REQUESTS);
    socket.resetAndDestroy();
  });
  await once(socket, 'close');
  await until(() => server.stats().errors['ECONNRESET'] === 1, 'the count');
  assert.deepEqual(seen, []);
});
