/** Listening on a unix socket: its file, who may use it, and what is and what is not replaced. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runServer } from 'longwire';
import { handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';

/** A path in a folder of its own, removed when the test is over. */
function socketPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'longwire-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'server.sock');
}

/** Leaves a socket behind that nobody listens on, as a killed server does. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' });
  } catch {
    assert.ok(statSync(path).isSocket());
  }
}

test('serves node:http on a unix socket, shows its path, and removes it at the stop', async (t) => {
  const path = socketPath(t);
  const { server } = await startServer(t, (incoming) => `${incoming.remoteAddress}|${incoming.remotePort}|${incoming.scheme}`, { path });
  assert.deepEqual([server.url, server.port], [`unix:${path}`, 0]);
  const body = await new Promise<string>((resolve, reject) => {
    httpRequest({ socketPath: path, path: '/' }, (response) => resolve(text(response)))
      .on('error', reject)
      .end();
  });
  assert.equal(body, '|0|http');
  await server.stop();
  assert.equal(existsSync(path), false);
});

test('opens a WebSocket on a unix socket', async (t) => {
  const path = socketPath(t);
  const { withChannel } = await import('longwire');
  await startServer(t, (incoming) => withChannel(incoming, (channel) => channel.send('hello')), { path });
  const client = await RawClient.open(t, { path });
  await client.send(handshake());
  assert.ok((await client.readUntil('\r\n\r\n')).startsWith('HTTP/1.1 101 '));
  assert.equal(await client.readUntil('hello'), '\x81\x05hello');
});

for (const mode of [0o600, 0o666]) {
  test(`gives its file the permissions asked for: ${mode.toString(8)}`, async (t) => {
    const path = socketPath(t);
    await startServer(t, () => 'x', { path, pathMode: mode });
    assert.equal(statSync(path).mode & 0o777, mode);
  });
}

test('replaces a socket that nobody answers on', async (t) => {
  const path = socketPath(t);
  leaveStaleSocket(path);
  await startServer(t, () => 'new', { path });
  const client = await RawClient.open(t, { path });
  await client.send(request());
  assert.equal((await client.readResponse()).body, 'new');
});

test('rejects with EADDRINUSE where a server answers on the socket, and leaves that one be', async (t) => {
  const path = socketPath(t);
  await startServer(t, () => 'first', { path });
  await assert.rejects(runServer(() => 'second', { path }), { code: 'EADDRINUSE' });
  const client = await RawClient.open(t, { path });
  await client.send(request());
  assert.equal((await client.readResponse()).body, 'first');
});

test('rejects with EADDRINUSE where the path is a file, and does not delete it', async (t) => {
  const path = socketPath(t);
  writeFileSync(path, 'precious');
  await assert.rejects(runServer(() => 'x', { path }), { code: 'EADDRINUSE' });
  assert.equal(readFileSync(path, 'utf8'), 'precious');
});

test('rejects with the error of the system where the folder does not exist', async (t) => {
  const path = join(socketPath(t), 'none', 'server.sock');
  await assert.rejects(runServer(() => 'x', { path }), (error) => error instanceof Error && 'code' in error && ['EACCES', 'ENOENT', 'ENOTDIR'].includes(String(error.code)));
});

test('does not count unix sockets as one address', async (t) => {
  const path = socketPath(t);
  await startServer(t, () => 'x', { path, maxConnectionsPerAddress: 1 });
  for (const client of [await RawClient.open(t, { path }), await RawClient.open(t, { path })]) {
    await client.send(request());
    assert.equal((await client.readResponse()).body, 'x');
  }
});
