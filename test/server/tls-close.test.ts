/** The end of a TLS connection (RFC 9112 §9.8): a closure alert from the server, and clients that send none. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { certificate } from '../support/certificate.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

/** The type of a record that holds an alert (RFC 5246 §6.2.1); TLS 1.3 would hide it. */
const ALERT = 21;

/** A TLS client over a socket whose bytes can be looked at, and which can be closed below TLS. */
interface Client {
  readonly secure: TLSSocket;
  readonly plain: Socket;
  readonly received: Buffer[];
}

async function open(t: TestContext, port: number, ca: string): Promise<Client> {
  const plain = connectPlain({ host: '127.0.0.1', port, noDelay: true });
  const received: Buffer[] = [];
  const between = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _, done) => void plain.write(bytes, () => done()),
    final: (done) => void plain.end(() => done()),
  });
  plain.on('data', (bytes) => {
    received.push(bytes);
    between.push(bytes);
  });
  plain.on('end', () => between.push(null));
  plain.on('error', () => {});
  t.after(() => plain.destroy());
  const secure = connect({ socket: between, ca, servername: 'localhost', maxVersion: 'TLSv1.2' });
  secure.on('error', () => {});
  await once(secure, 'secureConnect');
  return { secure, plain, received };
}

/** The types of all records, in order. */
function recordTypes(received: readonly Buffer[]): number[] {
  const bytes = Buffer.concat(received);
  const types: number[] = [];
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at]!);
  return types;
}

test('sends a closure alert ahead of FIN behind a response with Connection: close', async (t) => {
  const own = certificate(t);
  if (own === undefined) return;
  const { port } = await startServer(t, () => 'hello', { tls: own });
  const { secure, received } = await open(t, port, own.cert);
  const client = new RawClient(secure);
  await client.send(request('/', 'Connection: close\r\n'));
  assert.match(await client.readToEnd(), /hello$/);
  assert.equal(recordTypes(received).at(-1), ALERT);
});

test('survives a client that closes without a closure alert, idle or within a request', async (t) => {
  const own = certificate(t);
  if (own === undefined) return;
  const { port, server, errors } = await startServer(t, () => 'hello', { tls: own });
  for (const bytes of ['', request(), `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab`, 'GET / HT']) {
    for (const how of ['end', 'resetAndDestroy'] as const) {
      const { secure, plain } = await open(t, port, own.cert);
      await new RawClient(secure).send(bytes);
      plain[how]();
    }
  }
  await until(() => server.stats().connections.total === 8 && server.stats().connections.open === 0, 'the end of all connections');
  const { secure } = await open(t, port, own.cert);
  const client = new RawClient(secure);
  await client.send(request());
  assert.equal((await client.readResponse()).body, 'hello');
  assert.deepEqual(errors, []);
});
