/** Options: every one is checked before anything listens, and says its name, what it may be, and what it was. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { type Handler, runServer, type ServerOptions, UsageError } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';

const handler: Handler = () => 'x';
const options = (values: Readonly<Record<string, unknown>>): ServerOptions => ({ host: '127.0.0.1', port: 0, ...values });

/** All options that are numbers: their least value, and their greatest where there is one. */
const NUMBERS: Readonly<Record<string, readonly [min: number, max?: number]>> = {
  port: [0, 65535],
  backlog: [1, 2 ** 31 - 1],
  tlsHandshakeTimeoutMs: [1],
  maxHeadBytes: [64],
  maxLineBytes: [64],
  maxHeaderCount: [1],
  maxBodyBytes: [0],
  maxStreamedBodyBytes: [0],
  minBodyBytesPerSecond: [0],
  maxPipelinedBytes: [0],
  maxConnections: [1],
  maxConnectionsPerAddress: [1],
  maxRequestsPerSecond: [1],
  headTimeoutMs: [1],
  requestTimeoutMs: [1],
  keepAliveTimeoutMs: [1],
  sendTimeoutMs: [1],
  maxMessageBytes: [0],
  maxFragments: [0],
  messageTimeoutMs: [1],
  maxMessagesPerSecond: [1],
  maxMessageBytesPerSecond: [1],
  maxQueuedMessages: [1],
  maxQueuedBytes: [1],
  pingIntervalMs: [0],
  pongTimeoutMs: [1],
  closeTimeoutMs: [1],
  softBufferBytes: [1],
  maxBufferedBytes: [1],
};

async function assertRefused(values: Readonly<Record<string, unknown>>, message: RegExp): Promise<void> {
  await assert.rejects(runServer(handler, options(values)), (error) => error instanceof UsageError && message.test(error.message));
}

for (const [name, [min, max]] of Object.entries(NUMBERS)) {
  test(`refuses a ${name} that is no whole number from ${min}${max === undefined ? '' : ` to ${max}`}`, async () => {
    const range = max === undefined ? `from ${min}, or Infinity` : `from ${min} to ${max}`;
    const wrong: readonly (readonly [unknown, string])[] = [
      [min - 1, `the number ${min - 1}`],
      [min + 0.5, `the number ${min + 0.5}`],
      [NaN, 'the number NaN'],
      [-Infinity, 'the number -Infinity'],
      [String(min), 'string'],
      [null, 'null'],
      [true, 'boolean'],
      [{}, 'object'],
      ...(max === undefined ? [] : [[max + 1, `the number ${max + 1}`], [Infinity, 'the number Infinity']] as const),
    ];
    for (const [value, described] of wrong) await assertRefused({ [name]: value }, new RegExp(`^option ${name} must be a whole number.* ${range}, not ${described}$`));
  });

  test(`takes a ${name} of ${max === undefined ? `${min} and of Infinity` : min}, and undefined for its default`, async () => {
    for (const value of max === undefined ? [min, Infinity, undefined] : [min, undefined]) {
      if (name === 'port' && value === undefined) continue;
      const server = await runServer(handler, options({ [name]: value }));
      await server.stop({ timeoutMs: 0 });
    }
  });
}

const OTHERS: Readonly<Record<string, readonly [wrong: readonly unknown[], allowed: RegExp]>> = {
  host: [['', 1, {}, null], /^option host must be a host name or an address, not /],
  path: [['', 1, null], /^option path must be the path of a unix socket, not /],
  pathMode: [[-1, 0o1000, 1.5, '660', null], /^option pathMode must be permissions from 0 to 0o777, not /],
  reusePort: [['yes', 1, null], /^option reusePort must be true or false, not /],
  tls: [[true, 'cert', null], /^option tls must be an object of options for tls.createServer, not /],
  allowedOrigins: [['https://example.org', true, {}, null, [1], [undefined]], /^option allowedOrigins must be a list of origins such as 'https:\/\/example\.org', '\*', or a function, not /],
  onOverflow: [['block', 1, true, null], /^option onOverflow must be 'close' or 'drop', not /],
  serverHeader: [['', 'a\r\nb: c', 'a\nb', '\0', '日本', 1, null], /^option serverHeader must be text without control characters, not /],
  onError: [['log', {}, null], /^option onError must be a function, not /],
  onClientError: [[1, {}, null], /^option onClientError must be a function, not /],
};

for (const [name, [wrong, allowed]] of Object.entries(OTHERS)) {
  test(`refuses a ${name} of the wrong type or value, and says what is allowed`, async () => {
    for (const value of wrong) await assertRefused({ [name]: value }, allowed);
  });
}

const NO_ORIGINS: readonly (readonly [entry: string, advice: string])[] = [
  ['https://example.org/', "write 'https://example.org'"],
  ['https://example.org/chat?a#b', "write 'https://example.org'"],
  ['http://[::1]:8080/', "write 'http://[::1]:8080'"],
  ['example.org', "write 'https://example.org'"],
  ['localhost:3000', "write 'https://localhost:3000'"],
  ['*', "write '*' without a list"],
  ...['null', '', ' ', 'https://', 'https://*.example.org', 'https://user@example.org', 'https://bücher.example', 'https://a, https://b', 'https://a:port', 'file://'].map(
    (entry) => [entry, "write scheme, host and perhaps a port, such as 'https://example.org:8443', or give a function"] as const,
  ),
];

for (const [entry, advice] of NO_ORIGINS) {
  test(`refuses «${entry}» among allowedOrigins, and says what to write`, async () => {
    await assert.rejects(runServer(handler, options({ allowedOrigins: ['https://example.org', entry] })), {
      name: 'UsageError',
      message: `option allowedOrigins names ${JSON.stringify(entry)}, which is no origin: ${advice}`,
    });
  });
}

test('takes as allowedOrigins an empty list, origins of every scheme, a star and a function', async () => {
  const lists = [[], ['https://example.org', 'HTTP://EXAMPLE.ORG:8080', 'http://[::1]', 'http://127.0.0.1:3000', 'chrome-extension://abcdef', 'http://my_host', 'https://example.org.']];
  for (const allowedOrigins of [...lists, '*', () => true, undefined]) {
    const server = await runServer(handler, options({ allowedOrigins }));
    await server.stop({ timeoutMs: 0 });
  }
});

test('refuses an option it does not know, and names those it knows', async () => {
  await assertRefused({ maxHeadByte: 1 }, /^unknown option maxHeadByte; known are .*maxHeadBytes, maxHeaderCount/);
});

for (const [name, value] of [['null', null], ['a number', 8080], ['a string', ':8080']] as const) {
  test(`refuses options that are ${name}`, async () => {
    await assert.rejects(runServer(handler, value as unknown as ServerOptions), (error) => error instanceof UsageError && /^options must be an object/.test(error.message));
  });
}

test('refuses a handler that is no function', async () => {
  await assert.rejects(runServer('x' as unknown as Handler, options({})), (error) => error instanceof UsageError && /handler must be a function/.test(error.message));
});

test('listens on nothing when an option is wrong', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await assertRefused({ port, maxHeadBytes: -1 }, /maxHeadBytes/);
});

test('rejects with EADDRINUSE where the port is taken', async (t) => {
  const { port } = await startServer(t, handler);
  await assert.rejects(runServer(handler, { host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
});

test('rejects with the error of the system where the host is not ours', async () => {
  await assert.rejects(runServer(handler, { host: '192.0.2.1', port: 0 }), { code: 'EADDRNOTAVAIL' });
});

test('takes a free port for port 0, and shows it', async (t) => {
  const one = await startServer(t, handler);
  const other = await startServer(t, handler);
  assert.ok(one.port > 0 && other.port > 0 && one.port !== other.port);
  assert.equal(one.server.url, `http://127.0.0.1:${one.port}`);
});

test('brackets an IPv6 address in its url', async (t) => {
  const { server, port } = await startServer(t, ({ remoteAddress }) => remoteAddress, { host: '::1' });
  assert.equal(server.url, `http://[::1]:${port}`);
  assert.equal(await (await fetch(server.url)).text(), '::1');
});

test('shares a port with reusePort where Node can, and else says what it needs', async (t) => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 12)) return assertRefused({ reusePort: true }, /^option reusePort needs Node 22\.12 or later, and this is \d/);
  const { port } = await startServer(t, handler, { reusePort: true });
  const other = await startServer(t, handler, { reusePort: true, port });
  assert.equal(other.port, port);
});

for (const limit of ['maxConnections', 'maxConnectionsPerAddress']) {
  test(`answers 503 to a connection beyond ${limit}, counts it, and takes another when one has gone`, async (t) => {
    const { port, server } = await startServer(t, handler, { [limit]: 2 });
    const first = await RawClient.open(t, port);
    const second = await RawClient.open(t, port);
    await until(() => server.stats().connections.open === 2, 'two connections');
    const third = await RawClient.open(t, port);
    const answer = await third.readToEnd();
    assert.ok(answer.startsWith('HTTP/1.1 503 Service Unavailable\r\n') && answer.includes('\r\nConnection: close\r\n'), answer);
    assert.deepEqual(server.stats().connections, { open: 3, total: 3, refused: 1 });
    third.end();
    first.end();
    await until(() => server.stats().connections.open === 1, 'the end of two');
    const fourth = await RawClient.open(t, port);
    for (const client of [second, fourth]) {
      await client.send(request());
      assert.equal((await client.readResponse()).body, 'x');
    }
    assert.equal(server.stats().connections.refused, 1);
  });
}

test('calls no handler for a connection beyond maxConnections, whatever it sends', async (t) => {
  const hasCome = new Gate();
  const { port, server } = await startServer(t, () => (hasCome.open(), new Promise<string>(() => {})), { maxConnections: 1 });
  const first = await RawClient.open(t, port);
  await first.send(request());
  await hasCome.opened;
  const second = await RawClient.open(t, port);
  await second.send(request());
  assert.ok((await second.readToEnd()).startsWith('HTTP/1.1 503 '));
  assert.equal(server.stats().requests, 1);
});

test('refuses a trustProxy that is no list of addresses, ranges and unix, and no function', async () => {
  for (const trustProxy of ['10.0.0.1', 5, true, null, {}]) await assertRefused({ trustProxy }, /^option trustProxy must be an array of addresses and CIDR ranges, or a function, not /);
  for (const entry of ['nonsense', '10.0.0.0/33', 5, null]) await assertRefused({ trustProxy: ['10.0.0.1', entry] }, /^option trustProxy: an entry must be an address/);
});

test('refuses a proxyProtocol that is none of its three words, has nobody to trust, or cannot be read', async () => {
  for (const proxyProtocol of ['on', true, null, 2]) await assertRefused({ proxyProtocol, trustProxy: [] }, /^option proxyProtocol must be 'off', 'optional' or 'required', not /);
  await assertRefused({ proxyProtocol: 'required' }, /^option proxyProtocol needs trustProxy/);
  await assertRefused({ proxyProtocol: 'optional', trustProxy: ['unix'], path: '/nowhere/x', tls: {} }, /^option proxyProtocol cannot be used with tls on a unix socket/);
});
