/** Which certificate a TLS client is shown, how it is replaced while connections are open, and which certificates clients have to show. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, createSecureContext, type SecureContextOptions, type TlsOptions, type TLSSocket } from 'node:tls';
import { asChannel, runServer, UsageError } from 'longwire';
import { type Certificate, certificate, pfxOf } from '../support/certificate.js';
import { text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { request } from '../support/requests.js';
import { startServer, type TestServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';
import { fetchTls, openTls, startTls } from '../support/tls.js';

type Version = 'TLSv1.2' | 'TLSv1.3';
const VERSIONS: readonly Version[] = ['TLSv1.2', 'TLSv1.3'];

/** The names that the server's certificate is for, as a client that trusts anybody sees it. */
async function shownTo(t: TestContext, { port }: TestServer, options: ConnectionOptions = {}): Promise<string | undefined> {
  const socket = await openTls(t, { port, ca: '' }, { rejectUnauthorized: false, ...options });
  return socket.getPeerCertificate().subjectaltname;
}

const sanOf = (name: string): string => `DNS:${name}, IP Address:127.0.0.1`;

/** Three certificates, and the last again with another key; none where there is no openssl. */
function certificates(t: TestContext): { localhost: Certificate; a: Certificate; b: Certificate; again: Certificate } | undefined {
  const [localhost, a, b, again] = [certificate(t), certificate(t, 'a.test'), certificate(t, 'b.test'), certificate(t, 'localhost', 'again')];
  return localhost && a && b && again && { localhost, a, b, again };
}

for (const version of VERSIONS) {
  test(`shows each client of ${version} the certificate that SNICallback chooses for its name, and others the default`, async (t) => {
    const all = certificates(t);
    if (all === undefined) return;
    const contexts = new Map([['a.test', createSecureContext(all.a)], ['b.test', createSecureContext(all.b)]]);
    const tls: TlsOptions = { ...all.localhost, SNICallback: (name, done) => void setImmediate(done, null, contexts.get(name)) };
    const started = await startServer(t, () => 'x', { tls });
    const only = { minVersion: version, maxVersion: version };
    assert.equal(await shownTo(t, started, { servername: 'a.test', ...only }), sanOf('a.test'));
    assert.equal(await shownTo(t, started, { servername: 'b.test', ...only }), sanOf('b.test'));
    assert.equal(await shownTo(t, started, { servername: 'c.test', ...only }), sanOf('localhost'));
    assert.equal(await shownTo(t, started, { servername: '', ...only }), sanOf('localhost'));
    assert.equal(await fetchTls({ port: started.port, ca: all.b.cert }, '/', { servername: 'b.test', ...only }), 'x');
  });
}

const FAILING_CHOICES: Record<string, { choose: TlsOptions['SNICallback']; isReported: boolean }> = {
  'throws': { choose: () => assert.fail('on purpose'), isReported: true },
  'rejects': { choose: (async () => assert.fail('on purpose')) as unknown as TlsOptions['SNICallback'], isReported: true },
  'refuses the name': { choose: (_name, done) => done(new Error('no such name')), isReported: false },
  'chooses what is no context': { choose: (_name, done) => done(null, { context: {} } as never), isReported: false },
};

for (const [name, { choose, isReported }] of Object.entries(FAILING_CHOICES)) {
  test(`ends only the handshake whose SNICallback ${name}${isReported ? ', and reports it' : ''}`, async (t) => {
    const own = certificate(t);
    if (own === undefined) return;
    const started = await startServer(t, () => 'x', { tls: { ...own, SNICallback: (servername, done) => (servername === 'bad.test' ? choose!(servername, done) : done(null)) } });
    await assert.rejects(openTls(t, { port: started.port, ca: own.cert }, { servername: 'bad.test', rejectUnauthorized: false }));
    assert.equal(await fetchTls({ port: started.port, ca: own.cert }, '/', { servername: 'localhost' }), 'x');
    assert.deepEqual(started.errors.map((error) => (error as Error).message), isReported ? ['on purpose'] : []);
    const { connections, errors } = started.server.stats();
    assert.deepEqual([connections.total, Object.values(errors)], [1, [1]]);
  });
}

test('shows a new certificate to whoever connects behind setSecureContext, while a keep-alive connection, a stream and a WebSocket go on', async (t) => {
  const all = certificates(t);
  if (all === undefined) return;
  const goOn = new Gate();
  const started = await startTls(t, (incoming) => {
    if (incoming.isWebSocketUpgrade) return asChannel(incoming, { onReceive: (channel, message) => channel.send(message) });
    if (incoming.path !== '/stream') return incoming.path;
    return { body: (async function* () { yield 'begun'; await goOn.opened; yield 'ended'; })() };
  });
  if (started === undefined) return;
  const kept = new RawClient(await openTls(t, started));
  await kept.send(request('/before'));
  assert.equal((await kept.readResponse()).body, '/before');
  const stream = new RawClient(await openTls(t, started));
  await stream.send(request('/stream'));
  await stream.readUntil('begun\r\n');
  const webSocket = await RawWebSocket.over(new RawClient(await openTls(t, started)));

  started.server.setSecureContext(all.again);

  await assert.rejects(fetchTls(started), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  assert.equal(await fetchTls({ port: started.port, ca: all.again.cert }, '/new'), '/new');
  await kept.send(request('/behind'));
  assert.equal((await kept.readResponse()).body, '/behind');
  goOn.open();
  await stream.readUntil('ended\r\n0\r\n\r\n');
  await webSocket.send(text('still here'));
  assert.equal((await webSocket.readFrame()).payload.toString(), 'still here');
});

test('finishes a handshake that is under way at setSecureContext with either certificate', async (t) => {
  const all = certificates(t);
  if (all === undefined) return;
  const choices: (() => void)[] = [];
  const started = await startServer(t, () => 'x', { tls: { ...all.localhost, SNICallback: (_name, done) => void choices.push(() => done(null)) } });
  const fetched = fetchTls({ port: started.port, ca: all.localhost.cert + all.again.cert }, '/', { servername: 'localhost' });
  await until(() => choices.length === 1, 'the choice');
  started.server.setSecureContext(all.again);
  choices[0]!();
  assert.equal(await fetched, 'x');
});

test('takes a second setSecureContext for a third certificate', async (t) => {
  const all = certificates(t);
  if (all === undefined) return;
  const started = await startServer(t, () => 'x', { tls: all.localhost });
  for (const [name, next] of [['a.test', all.a], ['b.test', all.b]] as const) {
    started.server.setSecureContext(next);
    assert.equal(await shownTo(t, started), sanOf(name));
  }
});

const KEPT: Record<string, (all: NonNullable<ReturnType<typeof certificates>>) => { tls: TlsOptions; next: SecureContextOptions; shown: string }> = {
  'a key, with a certificate alone': ({ a }) => ({ tls: a, next: { cert: a.cert }, shown: 'a.test' }),
  'a certificate, with other options alone': ({ a }) => ({ tls: a, next: { minVersion: 'TLSv1.3' }, shown: 'a.test' }),
  'all, with nothing': ({ a }) => ({ tls: a, next: {}, shown: 'a.test' }),
  'what is given as undefined': ({ a, b }) => ({ tls: b, next: { ...a, minVersion: undefined, ca: undefined }, shown: 'a.test' }),
  'no PKCS #12, with a key and a certificate': ({ a, b }) => ({ tls: { pfx: pfxOf(a, 'x'), passphrase: 'x' }, next: b, shown: 'b.test' }),
  'no key and certificate, with a PKCS #12': ({ a, b }) => ({ tls: a, next: { pfx: pfxOf(b, 'y'), passphrase: 'y' }, shown: 'b.test' }),
};

for (const [name, make] of Object.entries(KEPT)) {
  test(`setSecureContext keeps ${name}`, async (t) => {
    const all = certificates(t);
    if (all === undefined) return;
    const { tls, next, shown } = make(all);
    const started = await startServer(t, () => 'x', { tls: { minVersion: 'TLSv1.3', ...tls } });
    started.server.setSecureContext(next);
    assert.equal(await shownTo(t, started), sanOf(shown));
    await assert.rejects(shownTo(t, started, { maxVersion: 'TLSv1.2' }), 'the version that was demanded at the start still is');
  });
}

const REFUSED: Record<string, (all: NonNullable<ReturnType<typeof certificates>>) => unknown> = {
  'a certificate that is none': ({ a }) => ({ ...a, cert: 'no certificate' }),
  'a key that is none': ({ a }) => ({ ...a, key: '-----BEGIN PRIVATE KEY-----\nno key\n-----END PRIVATE KEY-----\n' }),
  'a key of another certificate': ({ a, b }) => ({ cert: a.cert, key: b.key }),
  'a certificate without its key': ({ a }) => ({ cert: a.cert }),
  'a PKCS #12 with another passphrase': ({ a }) => ({ pfx: pfxOf(a, 'x'), passphrase: 'y' }),
  'an unknown cipher': ({ a }) => ({ ...a, ciphers: 'none-such' }),
  'a key of a wrong type': ({ a }) => ({ ...a, key: 5 }),
};

for (const [name, make] of Object.entries(REFUSED)) {
  test(`refuses ${name} in setSecureContext with a UsageError and its cause, and goes on with what it had`, async (t) => {
    const all = certificates(t);
    if (all === undefined) return;
    const started = await startServer(t, () => 'x', { tls: all.localhost });
    const refused = (error: unknown): boolean => error instanceof UsageError && error.message.startsWith('setSecureContext is refused by node:tls: ') && error.cause instanceof Error;
    for (let i = 0; i < 2; i++) assert.throws(() => started.server.setSecureContext(make(all) as SecureContextOptions), refused);
    assert.equal(await fetchTls({ port: started.port, ca: all.localhost.cert }), 'x');
    started.server.setSecureContext(all.b);
    assert.equal(await shownTo(t, started), sanOf('b.test'));
  });

  if (name === 'a certificate without its key') continue; // where there is no other key, node:tls has nothing against it: a callback may choose another
  test(`refuses ${name} in the option tls with a UsageError and its cause`, async (t) => {
    const all = certificates(t);
    if (all === undefined) return;
    const refused = (error: unknown): boolean => error instanceof UsageError && error.message.startsWith('option tls is refused by node:tls: ') && error.cause instanceof Error;
    await assert.rejects(runServer(() => 'x', { host: '127.0.0.1', port: 0, tls: make(all) as TlsOptions }), refused);
  });
}

test('refuses setSecureContext on a server without TLS, and what is no object', async (t) => {
  const { server } = await startServer(t, () => 'x');
  assert.throws(() => server.setSecureContext({}), { name: 'UsageError', message: /without the option tls/ });
  const started = await startTls(t, () => 'x');
  for (const wrong of [undefined, null, 'cert']) assert.throws(() => started?.server.setSecureContext(wrong as never), { name: 'UsageError', message: /an object/ });
});

test('takes setSecureContext while it stops and when it has stopped, and nothing happens', async (t) => {
  const all = certificates(t);
  const answer = new Gate<string>();
  const hasCome = new Gate();
  const started = await startTls(t, () => (hasCome.open(), answer.opened));
  if (started === undefined || all === undefined) return;
  const client = new RawClient(await openTls(t, started));
  await client.send(request());
  await hasCome.opened;
  const stopped = started.server.stop({ timeoutMs: 60_000 });
  started.server.setSecureContext(all.a);
  answer.open('x');
  assert.equal((await client.readResponse()).body, 'x');
  client.end();
  await stopped;
  started.server.setSecureContext(all.b);
  assert.throws(() => started.server.setSecureContext({ cert: 'no certificate' }), UsageError);
  assert.equal(started.server.status, 'stopped');
});

for (const version of VERSIONS) {
  test(`resumes a session of ${version}, not behind a new certificate, and then only with ticketKeys`, async (t) => {
    const all = certificates(t);
    if (all === undefined) return;
    const ticketKeys = Buffer.alloc(48, 7);
    const trusted = { ca: all.localhost.cert + all.again.cert, minVersion: version, maxVersion: version };
    for (const keys of [{}, { ticketKeys }]) {
      const started = await startServer(t, () => 'x', { tls: { ...all.localhost, ...keys } });
      const session = await sessionOf(t, started, trusted);
      assert.equal(await isResumed(t, started, { ...trusted, session }), true);
      started.server.setSecureContext(all.again);
      assert.equal(await isResumed(t, started, { ...trusted, session }), 'ticketKeys' in keys);
      assert.equal(await isResumed(t, started, { ...trusted, session: await sessionOf(t, started, trusted) }), true);
    }
  });

  test(`serves a client of ${version} that shows a certificate it trusts, and no other; those are counted, and are no connections`, async (t) => {
    const all = certificates(t);
    if (all === undefined) return;
    const started = await startServer(t, (incoming) => incoming.scheme, { tls: { ...all.localhost, requestCert: true, ca: all.a.cert } });
    const where = { port: started.port, ca: all.localhost.cert };
    const only = { minVersion: version, maxVersion: version };
    assert.equal(await fetchTls(where, '/', { ...all.a, ...only }), 'https');
    await assert.rejects(fetchTls(where, '/', { ...all.b, ...only }));
    await assert.rejects(fetchTls(where, '/', only));
    await until(() => Object.values(started.server.stats().errors).reduce((sum, count) => sum + count, 0) === 2, 'the count');
    const { errors, connections, requests } = started.server.stats();
    assert.deepEqual(errors, { DEPTH_ZERO_SELF_SIGNED_CERT: 1, ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 1 });
    assert.deepEqual([connections.total, connections.refused, requests], [1, 0, 1]);
  });
}

test('still demands the certificate of a client behind a new one of its own', async (t) => {
  const all = certificates(t);
  if (all === undefined) return;
  const started = await startServer(t, () => 'x', { tls: { ...all.localhost, requestCert: true, ca: all.a.cert } });
  started.server.setSecureContext(all.again);
  const where = { port: started.port, ca: all.again.cert };
  await assert.rejects(fetchTls(where));
  assert.equal(await fetchTls(where, '/', all.a), 'x');
});

/** A session that can be resumed: it has come once the first answer was read. */
async function sessionOf(t: TestContext, { port }: TestServer, options: ConnectionOptions): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...options });
  t.after(() => socket.destroy());
  const came = once(socket, 'session');
  await answerOf(socket);
  return ((await came) as [Buffer])[0];
}

async function isResumed(t: TestContext, { port }: TestServer, options: ConnectionOptions): Promise<boolean> {
  const socket = await openTls(t, { port, ca: '' }, options);
  await answerOf(socket);
  return socket.isSessionReused();
}

async function answerOf(socket: TLSSocket): Promise<void> {
  const client = new RawClient(socket);
  await client.send(request());
  assert.equal((await client.readResponse()).body, 'x');
}

