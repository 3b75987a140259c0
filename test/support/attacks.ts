/**
 * Attacks on the framing of requests as data, and what runs one: through the parser in every way its bytes can arrive, and through
 * sockets to handlers that read bodies and to one that does not, each time with an honest request right behind it. A case says exactly
 * which requests are seen, which error ends the connection, and what becomes of the honest request.
 */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Handler, HttpRequest, HttpResponse } from 'longwire';
import type { HttpErrorCode } from '#src/http/errors.js';
import { type Answer, readAnswers } from './answer-text.js';
import { type Found, parseEveryWay } from './http-events.js';
import { latin1Bytes } from './pieces.js';
import { RawClient } from './raw-client.js';
import { startServer } from './server.js';

/** The status that is answered, and the rule that was broken. */
export type Refusal = `${number} ${HttpErrorCode}`;

/** What a handler does with bodies: it reads them, it leaves them alone, or it reads them and answers as if nothing were wrong. */
export type Reading = 'reads' | 'ignores' | 'forgives';

/** What becomes of the bytes behind an attack: they are served as a request, taken for a part of the attack's body, or discarded. */
export type Behind = 'served' | 'body' | 'discarded';

export interface Attack {
  readonly name: string;
  /** As latin1. */
  readonly bytes: string;
  /** The requests seen, in order, such as `POST /front 5`; in place of the bytes of its body, `broken` or `unfinished` if it has no end. */
  readonly seen: readonly string[];
  readonly behind: Behind;
  readonly refusal?: Refusal;
  /** Whether the attack ends within a message, so that what is behind it is read as a part of that. */
  readonly isOpen?: boolean;
  /** What becomes of the bytes behind it where no handler reads the body, if that is another. */
  readonly behindUnread?: Behind;
}

export interface Family {
  readonly name: string;
  /** Where the family was published, or is described. */
  readonly source: string;
  readonly attacks: readonly Attack[];
}

/** The request that an attacker wants to be served without a front end having seen it. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
/** The request of somebody else on the same connection. */
export const HONEST = 'GET /honest HTTP/1.1\r\nHost: a\r\n\r\n';

/** The head of a POST of these field lines beside its Host. */
export function front(...lines: string[]): string {
  return ['POST /front HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n');
}

/** A POST of these field lines whose Content-Length is that of its body. */
export function sized(body: string, ...lines: string[]): string {
  return front(`Content-Length: ${body.length}`, ...lines) + body;
}

/** A POST whose body is in the chunked coding; `coded` is that, as sent. */
export function chunked(coded: string, ...lines: string[]): string {
  return front('Transfer-Encoding: chunked', ...lines) + coded;
}

/** Everything in it is what RFC 9112 says it is: `seen` is served, and so is the honest request behind it. */
export function served(name: string, bytes: string, ...seen: string[]): Attack {
  return { name, bytes, seen, behind: 'served' };
}

/** It is refused, behind what was seen; nothing that follows is served. */
export function refused(name: string, bytes: string, refusal: Refusal, ...seen: string[]): Attack {
  return { name, bytes, seen, refusal, behind: 'discarded' };
}

/** The connection is closed behind the answer to the last request seen, and nothing that follows is served. */
export function closed(name: string, bytes: string, ...seen: string[]): Attack {
  return { name, bytes, seen, behind: 'discarded' };
}

/** The body of the last request goes on for as long as the client sends. */
export function unfinished(name: string, bytes: string, ...seen: string[]): Attack {
  return { name, bytes, seen, behind: 'body', isOpen: true };
}

/** The same attack, where only what comes behind it shows that it has to be refused. */
export function open(attack: Attack): Attack {
  return { ...attack, isOpen: true };
}

/** Asserts what the parser finds in an attack, alone and with the honest request behind it. */
export function assertParsed(attack: Attack): void {
  const { refusal, seen, bytes, isOpen = false } = attack;
  const code = refusal?.split(' ')[1];
  const alone = parseEveryWay(bytes);
  const before = seenByParser(alone);
  // That the connection closes behind an answer, and nothing more is parsed, only the driver knows.
  if (attack.behind === 'discarded' && refusal === undefined) return assert.deepEqual(before.slice(0, seen.length), seen);
  assert.equal(alone.error, isOpen ? undefined : code, 'alone');
  if (!isOpen) assert.deepEqual(before, seen, 'alone');
  else assert.ok(before.every((each, i) => isSameRequest(each, seen[i])), `alone: ${before.join()}`);

  const found = parseEveryWay(bytes + HONEST);
  assert.equal(found.error, code, 'with a request behind');
  assert.deepEqual(seenByParser(found), attack.behind === 'served' ? [...seen, 'GET /honest 0'] : seen, 'with a request behind');
}

function seenByParser({ events, error }: Found): string[] {
  const seen: string[] = [];
  let length = 0;
  events.forEach((event, i) => {
    if (event.type === 'data') length += event.text.length;
    if (event.type === 'head') length = 0;
    const isLast = i === events.length - 1 || events[i + 1]!.type === 'head';
    if (!isLast) return;
    const head = events.slice(0, i + 1).findLast((each) => each.type === 'head')!;
    const ending = event.type === 'end' ? length : error === undefined ? 'unfinished' : 'broken';
    seen.push(`${head.method} ${head.target} ${ending}`);
  });
  return seen;
}

function isSameRequest(one: string, other: string | undefined): boolean {
  return one.split(' ', 2).join() === other?.split(' ', 2).join();
}

/** One server for many attacks, and what each of its connections made it see. */
export class Target {
  readonly #reading: Reading;
  readonly #port: number;
  readonly #errors: unknown[];
  readonly #seen: Map<number, string[]>;
  readonly #refusals: Map<number, HttpErrorCode[]>;

  private constructor(reading: Reading, port: number, errors: unknown[], seen: Map<number, string[]>, refusals: Map<number, HttpErrorCode[]>) {
    this.#reading = reading;
    this.#port = port;
    this.#errors = errors;
    this.#seen = seen;
    this.#refusals = refusals;
  }

  static async start(t: TestContext, reading: Reading): Promise<Target> {
    const seen = new Map<number, string[]>();
    const refusals = new Map<number, HttpErrorCode[]>();
    const { port, errors } = await startServer(t, handlerFor(reading, (from) => listAt(seen, from)), {
      onClientError: (error, client) => listAt(refusals, client.remotePort).push(error.code as HttpErrorCode),
    });
    return new Target(reading, port, errors, seen, refusals);
  }

  /** Asserts what an attack achieves, with the honest request behind it, sent whole or in small pieces. */
  async assertWithstands(t: TestContext, attack: Attack, isWhole: boolean): Promise<void> {
    const reading = this.#reading;
    const client = await RawClient.open(t, this.#port);
    const from = client.socket.localPort!;
    // The port of a client that has gone may be given to the next.
    this.#seen.delete(from);
    this.#refusals.delete(from);
    const behind = reading === 'ignores' ? (attack.behindUnread ?? attack.behind) : attack.behind;
    await sendTo(client, attack.bytes + HONEST, isWhole);
    const text = await readAll(client, behind);
    client.end();
    assert.equal(client.error, undefined);

    const expected = behind === 'served' ? [...attack.seen, 'GET /honest 0'] : attack.seen;
    assert.deepEqual(listAt(this.#seen, from), reading === 'ignores' ? expected.map(withoutLength) : expected);
    const answers = readAnswers(text, expected.map((each) => each.split(' ')[0]!));
    assert.deepEqual(answers.map(({ summary }) => summary), expectedAnswers(attack, expected, reading));
    assertClose(answers, attack, behind, reading);
    assert.deepEqual(listAt(this.#refusals, from).filter((code) => code !== 'HTTP_CLIENT_LEFT'), attack.refusal === undefined ? [] : [attack.refusal.split(' ')[1]]);
    assert.deepEqual(this.#errors, []);
  }
}

/** The last answer announces the close wherever the connection closes behind it, and no other does. */
function assertClose(answers: readonly Answer[], attack: Attack, behind: Behind, reading: Reading): void {
  // A body that is broken, or ends early, is discovered behind the answer of a handler that did not read it.
  const isFoundLate = reading === 'ignores' && /broken$/.test(attack.seen.at(-1) ?? '');
  answers.forEach(({ summary, closes }, i) => {
    const isLast = i === answers.length - 1;
    if (isLast && behind === 'body') return;
    assert.equal(closes, isLast && behind === 'discarded' && !isFoundLate, `Connection: close in the answer ${summary}`);
  });
}

function expectedAnswers(attack: Attack, seen: readonly string[], reading: Reading): string[] {
  const answers = seen.map((each) => {
    const [method, target, ending] = each.split(' ') as [string, string, string];
    if (reading !== 'ignores' && ending === 'unfinished') return undefined;
    if (reading === 'reads' && ending === 'broken') return attack.refusal!.split(' ')[0]!;
    return `${statusFor(method, target)} ${method} ${target}`;
  });
  if (attack.refusal !== undefined && !attack.seen.at(-1)?.endsWith(' broken')) answers.push(attack.refusal.split(' ')[0]);
  return answers.filter((each) => each !== undefined);
}

async function sendTo(client: RawClient, bytes: string, isWhole: boolean): Promise<void> {
  if (isWhole) return client.send(bytes);
  const size = Math.ceil(bytes.length / 100);
  const all = latin1Bytes(bytes);
  for (let at = 0; at < all.length; at += size) void client.send(all.subarray(at, at + size));
}

/** Everything that is answered; where the server does not close by itself, it is shown that it waits for more. */
async function readAll(client: RawClient, behind: Behind): Promise<string> {
  if (behind === 'discarded') return client.readToEnd();
  let text = '';
  if (behind === 'served') {
    text = await client.readUntil('for GET /honest');
    assert.equal(client.hasEnded, false);
  }
  client.end();
  return text + (await client.readToEnd());
}

/** Answers every request with what it was, so that an answer tells whose it is. Paths such as `/204` ask for a status, `/slow` for time. */
function handlerFor(reading: Reading, seenFrom: (port: number) => string[]): Handler {
  return async (request) => {
    const seen = seenFrom(request.remotePort);
    const name = `${request.method} ${request.url}`;
    const at = seen.push(reading === 'ignores' ? name : `${name} unfinished`) - 1;
    if (reading !== 'ignores') {
      try {
        seen[at] = `${name} ${await lengthOfBody(request)}`;
      } catch (error) {
        // Without a status, the client left.
        if ((error as { status?: number }).status !== undefined) seen[at] = `${name} broken`;
        if (reading === 'reads') throw error;
      }
    }
    if (request.path === '/slow') for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    return answerTo(request);
  };
}

async function lengthOfBody(request: HttpRequest): Promise<number> {
  const before = JSON.stringify([request.headers, request.rawHeaders]);
  const { length } = await request.bytes();
  assert.equal(JSON.stringify([request.headers, request.rawHeaders]), before, 'reading a body changes no header');
  return length;
}

function answerTo({ method, url, query }: HttpRequest): HttpResponse {
  const body = `for ${method} ${url}`;
  return {
    status: statusFor(method, url),
    headers: { 'X-For': `${method} ${url}` },
    body: query === 'stream' ? [body.slice(0, 3), body.slice(3)] : body,
  };
}

function statusFor(method: string, target: string): number {
  // A 2xx would open a tunnel (RFC 9110 §9.3.6).
  return method === 'CONNECT' ? 403 : Number(/^\/(\d{3})\b/.exec(target)?.[1] ?? 200);
}

function withoutLength(seen: string): string {
  return seen.split(' ', 2).join(' ');
}

function listAt<T>(lists: Map<number, T[]>, key: number): T[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}
