/**
 * The cases of an RFC through real sockets: whole, byte by byte, and each of them with a further request behind, which is served
 * where the connection is kept, and never where it ends.
 */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Handler, HttpRequest } from 'longwire';
import { HTTP_ERRORS } from '#src/http/errors.js';
import { reasonPhrase } from '#src/http/status.js';
import { assertAnswer, readAnswer } from './answers.js';
import { parsePieces, type PlainHead } from './http-events.js';
import { latin1Bytes } from './pieces.js';
import { RawClient } from './raw-client.js';
import { type AnsweredCase, expectedOf, type ParsedCase, type ParsedRequest, type RefusedCase } from './rfc.js';
import { FURTHER_ANSWER, FURTHER_REQUEST, type RfcServer, type Session } from './rfc-server.js';

/** How the bytes of a case go out. */
export interface Way {
  readonly name: string;
  readonly isByteByByte: boolean;
  readonly hasFurther: boolean;
}

export const WAYS: readonly Way[] = [
  { name: 'whole', isByteByByte: false, hasFurther: false },
  { name: 'byte by byte', isByteByByte: true, hasFurther: false },
  { name: 'whole, with a further request behind', isByteByByte: false, hasFurther: true },
  { name: 'byte by byte, with a further request behind', isByteByByte: true, hasFurther: true },
];

/** Bytes beyond these go out in pieces of this size. */
const MAX_SINGLE_BYTES = 300;

/** A request that came whole. */
interface Seen {
  readonly request: HttpRequest;
  readonly body: string;
}

/** One connection of one case. */
interface Exchange {
  readonly client: RawClient;
  readonly session: Session;
  readonly seen: readonly Seen[];
  readonly way: Way;
  /** The methods of the requests in order: they tell which answers have no body. */
  readonly methods: readonly string[];
}

export async function parseOverSocket(each: ParsedCase, t: TestContext, server: RfcServer): Promise<void> {
  const expected = expectedOf(each);
  const last = headsIn(each.bytes).at(-1)!;
  const closes = !last.keepsAlive || last.method === 'CONNECT' || last.isWebSocketUpgrade;
  await everyWay(each, t, server, recorder, {}, async (exchange) => {
    for (const method of exchange.methods) await readAnswer(exchange.client, method);
    await assertEnd(exchange, closes);
    assert.deepEqual(exchange.seen.map((found, i) => pickSeen(found, expected[i]!)), expected.map(handed));
    assert.deepEqual(exchange.session.clientErrors, []);
    assert.deepEqual(exchange.session.errors, []);
  });
}

/** Complete requests ahead of the one that is refused are served; of the one that is refused, the body never ends. */
export async function refuseOverSocket(each: RefusedCase, t: TestContext, server: RfcServer): Promise<void> {
  const ahead = parsePieces([latin1Bytes(each.bytes)]).events.filter((event) => event.type === 'end').length;
  const { status } = HTTP_ERRORS[each.refused] as { status: number };
  const statusLine = `HTTP/1.1 ${status} ${reasonPhrase(status)}`;
  await everyWay(each, t, server, recorder, {}, async (exchange) => {
    for (let i = 0; i < ahead; i++) assertAnswer(await readAnswer(exchange.client, exchange.methods[i]!), { status: 200 });
    const answer = await readAnswer(exchange.client, exchange.methods[ahead] ?? methodOf(each));
    assert.equal(answer.head[0], statusLine);
    assert.equal(answer.field('connection'), 'close');
    await assertEnd(exchange, true);
    assert.equal(exchange.seen.length, ahead, 'requests that reached the handler whole');
    assert.equal(exchange.session.requests.length, headsIn(each.bytes).length, 'requests that reached the handler');
    assert.deepEqual(exchange.session.clientErrors, [each.refused]);
    assert.deepEqual(exchange.session.errors, []);
  });
}

export async function answerOverSocket(each: AnsweredCase, t: TestContext, server: RfcServer): Promise<void> {
  await everyWay(each, t, server, () => each.handler ?? (() => 'hello'), each, async (exchange) => {
    let at = 0;
    for (const expected of each.answered) {
      assertAnswer(await readAnswer(exchange.client, exchange.methods[at] ?? methodOf(each), expected.isCut), expected);
      if (expected.status >= 200) at++;
    }
    await assertEnd(exchange, each.closes === true);
    if (each.served !== undefined) assert.equal(exchange.session.requests.length, each.served, 'requests that reached the handler');
    assert.equal(exchange.session.errors.length, each.reports ?? 0, String(exchange.session.errors[0] ?? 'no errors'));
  });
}

/** Nothing further comes: behind an end the connection is closed, else the next request is served, or the client's FIN answered with ours. */
async function assertEnd({ client, session, way }: Exchange, closes: boolean): Promise<void> {
  if (!closes && way.hasFurther) assertAnswer(await readAnswer(client, 'GET'), { status: 200, body: FURTHER_ANSWER });
  if (!closes) {
    assert.equal(client.hasEnded, false, 'the connection stays open');
    client.end();
  }
  assert.equal(await client.readToEnd(), '', 'nothing comes behind the last answer');
  assert.equal(client.hasEnded, true, 'the connection ends in order');
  assert.equal(session.isFurtherServed, !closes && way.hasFurther, 'whether the further request is served');
}

type Sending = Pick<AnsweredCase, 'clientEnds' | 'onlyWhole'>;

async function everyWay(
  { bytes }: { bytes: string },
  t: TestContext,
  server: RfcServer,
  handlerFor: (seen: Seen[]) => Handler,
  { clientEnds, onlyWhole }: Sending,
  check: (exchange: Exchange) => Promise<void>,
): Promise<void> {
  const methods = headsIn(bytes).map((head) => head.method);
  for (const way of WAYS) {
    if ((way.isByteByByte && onlyWhole !== undefined) || (way.hasFurther && clientEnds === true)) continue;
    const client = await RawClient.open(t, server.port);
    const seen: Seen[] = [];
    const session = server.expect(client.socket.localPort!, handlerFor(seen));
    try {
      await send(client, latin1Bytes(way.hasFurther ? bytes + FURTHER_REQUEST : bytes), way);
      if (clientEnds === true) client.end();
      await check({ client, session, seen, way, methods });
    } catch (error) {
      throw new Error(`${way.name}: ${(error as Error).message}`, { cause: error });
    } finally {
      client.socket.destroy();
    }
  }
}

/** The event loop turns behind each piece, so that the server reads it by itself. A server that has gone takes nothing more. */
export async function send(client: RawClient, bytes: Uint8Array, { isByteByByte }: Way): Promise<void> {
  if (!isByteByByte) return client.send(bytes);
  for (let at = 0; at < bytes.length && client.socket.writable; ) {
    const end = at + (at < MAX_SINGLE_BYTES ? 1 : MAX_SINGLE_BYTES);
    await client.send(bytes.subarray(at, end));
    await new Promise((resolve) => setImmediate(resolve));
    at = end;
  }
}

/** What a request is answered like that has no valid head. */
function methodOf({ bytes }: { bytes: string }): string {
  return bytes.startsWith('HEAD ') ? 'HEAD' : '';
}

/** The heads of the requests in `bytes`, as far as they are valid. */
function headsIn(bytes: string): PlainHead[] {
  return parsePieces([latin1Bytes(bytes)]).events.filter((event) => event.type === 'head');
}

/** Reads each request to its end and notes it. */
function recorder(seen: Seen[]): Handler {
  return async (request) => {
    seen.push({ request, body: Buffer.from(await request.bytes()).toString('latin1') });
    return 'seen';
  };
}

function handed({ framing: _f, keepsAlive: _k, expectsContinue: _e, trailers, handed: more, ...rest }: ParsedRequest): object {
  const pairs = trailers === undefined ? undefined : Object.fromEntries(pairsOf(trailers));
  return { ...rest, ...(pairs === undefined ? {} : { trailers: pairs }), ...more };
}

function pairsOf(flat: readonly string[]): (readonly [string, string])[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), flat[i + 1]!] as const] : []));
}

/** Of what a handler was given, as much as is expected. */
function pickSeen({ request, body }: Seen, expected: ParsedRequest): object {
  const all: Readonly<Record<string, unknown>> = {
    method: request.method,
    target: request.url,
    version: request.httpVersion,
    fields: request.rawHeaders,
    trailers: { ...request.trailers },
    body,
    isWebSocketUpgrade: request.isWebSocketUpgrade,
    path: request.path,
    query: request.query,
    authority: request.authority,
    scheme: request.scheme,
    headers: { ...request.headers },
  };
  return Object.fromEntries(Object.keys(handed(expected)).map((name) => [name, all[name]]));
}
