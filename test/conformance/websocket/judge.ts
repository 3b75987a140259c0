/** Runs one case against a server, and judges what came of it: each frame in its turn, the code of the Close, nothing behind it, and the end. */

import { clientFrame, close } from '../../support/frames.js';
import type { Answer, Behavior, Case, Exchange, FailFast, RoundTrips, Step, Verdict } from './case.js';
import { FuzzingClient, type Received, Violation } from './fuzzing-client.js';
import { Silence } from './incoming.js';

export interface JudgeSettings {
  /** Whether all messages of the long cases are sent. */
  readonly isFull: boolean;
  /** How long a frame that must come is waited for. */
  readonly patienceMs: number;
  /** How long the beginning of an invalid message is held back, while the server must not fail it yet. */
  readonly quietMs: number;
  /** How long the rest of an invalid message is held back, while the server should fail it. */
  readonly failFastMs: number;
}

export const DEFAULTS: JudgeSettings = { isFull: false, patienceMs: 20_000, quietMs: 100, failFastMs: 1_000 };
/** Messages of 16 MiB, and those of tiny pieces, take a while. */
const LONG_PATIENCE_MS = 200_000;

/** What a case comes to. */
type Outcome = readonly [behavior: Behavior, reason: string];
const OK: Outcome = ['OK', ''];

/** The exchange that is under way. */
interface Session {
  readonly client: FuzzingClient;
  readonly settings: JudgeSettings;
  /** Notes the code of the server's Close. */
  noteClose(code: number | undefined): void;
}

export async function judge(each: Case, url: URL, settings: JudgeSettings): Promise<Verdict> {
  const startedAt = performance.now();
  let closeCode: number | undefined;
  let [behavior, reason] = OK;
  let client: FuzzingClient | undefined;
  try {
    const patienceMs = each.kind === 'round trips' ? Math.max(LONG_PATIENCE_MS, settings.patienceMs) : settings.patienceMs;
    client = await FuzzingClient.open(url, patienceMs, each.kind === 'round trips' ? each.offers : undefined);
    [behavior, reason] = await runCase(each, { client, settings, noteClose: (code) => (closeCode = code) });
  } catch (error) {
    if (!(error instanceof Violation) && !(error instanceof Silence) && !isNetworkError(error)) throw error;
    [behavior, reason] = ['FAILED', error.message];
  } finally {
    client?.destroy();
  }
  if (each.isInformational === true) [behavior, reason] = ['INFORMATIONAL', reason === '' ? 'all was answered, in order' : reason];
  return { id: each.id, behavior, reason, closeCode, ms: Math.round(performance.now() - startedAt) };
}

function runCase(each: Case, session: Session): Promise<Outcome> {
  if (each.kind === 'exchange') return runExchange(each, session);
  return each.kind === 'fail fast' ? runFailFast(each, session) : runRoundTrips(each, session);
}

async function runExchange(each: Exchange, session: Session): Promise<Outcome> {
  const { client } = session;
  const awaited = awaitedAnswers(each.steps);
  let answered = 0;
  for (const { frames, answersBefore } of awaited) {
    for (; answered < answersBefore; answered++) await expectAnswer(session, each.answers[answered]!);
    await client.send(frames, each.writing);
  }
  for (; answered < each.answers.length; answered++) {
    const received = await nextOf(session, dueFor(each.answers[answered]!));
    if (each.mayFailEarly === true && received.type === 'close') {
      await expectEnd(session, received, each.closeCodes!, false);
      return ['NON-STRICT', `the connection was failed before ${count(each.answers.length - answered)} was answered`];
    }
    compare(received, each.answers[answered]!);
  }
  const hasClosed = each.steps.some((step) => 'opcode' in step && step.opcode === 8);
  if (each.closeCodes === undefined) await closeInOrder(session);
  else await expectEnd(session, await nextOf(session), each.closeCodes, hasClosed);
  return OK;
}

/** The frames between the waits, and how many answers must have come before them. */
function awaitedAnswers(steps: readonly Step[]): { frames: Buffer[]; answersBefore: number }[] {
  const parts: { frames: Buffer[]; answersBefore: number }[] = [{ frames: [], answersBefore: 0 }];
  for (const step of steps) {
    if ('awaitAnswers' in step) parts.push({ frames: [], answersBefore: step.awaitAnswers });
    else parts.at(-1)!.frames.push(clientFrame(step));
  }
  return parts;
}

async function runFailFast({ parts: [valid, wrong, rest] }: FailFast, session: Session): Promise<Outcome> {
  const { client, settings } = session;
  await client.send([valid]);
  if ((await nextWithin(session, settings.quietMs)) !== undefined) throw new Violation('the connection was failed while the text could still become valid');
  await client.send([wrong]);
  const early = await nextWithin(session, settings.failFastMs);
  if (early === undefined) await client.send([rest]);
  await expectEnd(session, early ?? (await nextOf(session)), [1007], false);
  return early === undefined ? ['NON-STRICT', 'the connection was failed only when the rest of the invalid message was sent'] : OK;
}

/** What the server sends next, if it sends something within so many milliseconds. */
async function nextWithin(session: Session, ms: number): Promise<Received | undefined> {
  try {
    return await nextOf(session, '', ms);
  } catch (error) {
    if (error instanceof Silence) return undefined;
    throw error;
  }
}

async function runRoundTrips(each: RoundTrips, session: Session): Promise<Outcome> {
  const { client, settings } = session;
  if (each.offers !== undefined && client.deflate === undefined) {
    await closeInOrder(session);
    return ['UNIMPLEMENTED', 'permessage-deflate was not accepted'];
  }
  const total = settings.isFull ? each.count : each.briefCount;
  for (let i = 0; i < total; i++) {
    const message = each.message(i);
    const sending = client.send(await framesOf(each, message, client), each.writing);
    await expectAnswer(session, { type: each.isText ? 'text' : 'binary', payload: message });
    await sending;
  }
  await closeInOrder(session);
  return OK;
}

async function framesOf(each: RoundTrips, message: Buffer, client: FuzzingClient): Promise<Buffer[]> {
  const isCompressed = client.deflate !== undefined;
  const payload = isCompressed ? await client.deflate!.compress(message) : message;
  const size = each.fragment ?? Math.max(1, payload.length);
  const count = each.endsEmpty === true ? Math.floor(payload.length / size) + 1 : Math.max(1, Math.ceil(payload.length / size));
  return Array.from({ length: count }, (_, i) => {
    const opcode = i > 0 ? 0 : each.isText ? 1 : 2;
    return clientFrame({ opcode, fin: i === count - 1, rsv: i === 0 && isCompressed ? 4 : 0, payload: payload.subarray(i * size, (i + 1) * size) });
  });
}

/** The client closes, is answered with the same code, and then the server ends the connection. */
async function closeInOrder(session: Session): Promise<void> {
  await session.client.send([close(1000)]);
  await expectEnd(session, await nextOf(session), [1000], true);
}

/** A Close with one of the codes, which is answered if it must be, and behind it nothing but the end. */
async function expectEnd(session: Session, received: Received, codes: readonly (number | undefined)[], hasClosed: boolean): Promise<void> {
  if (received.type !== 'close') throw new Violation(`${describe(received)} came where a Close was due`);
  session.noteClose(received.code);
  if (!codes.includes(received.code)) throw new Violation(`the Close has ${codeName(received.code)}, not ${codes.map(codeName).join(' or ')}`);
  if (!hasClosed) await session.client.send([close(received.code)]);
  const last = await patiently(session.client.next(), 'the server does not end the connection');
  if (last.type !== 'end') throw new Violation(`${describe(last)} came behind the Close`);
}

async function expectAnswer(session: Session, answer: Answer): Promise<void> {
  compare(await nextOf(session, dueFor(answer)), answer);
}

function compare(received: Received, { type, payload }: Answer): void {
  if (received.type !== type) throw new Violation(`${describe(received)} came where ${name(type)} of ${payload.length} octets was due`);
  if (!received.payload.equals(payload)) throw new Violation(`${name(type)} came back that is not what was sent`);
}

/** What the server sends next, but Pings, which are answered. */
async function nextOf({ client }: Session, due = 'a Close was due', patienceMs?: number): Promise<Received> {
  for (;;) {
    const received = await patiently(client.next(patienceMs), due);
    if (received.type !== 'ping') return received;
    await client.send([clientFrame({ opcode: 10, payload: received.payload })]);
  }
}

/** Says of a silence what should have come. */
async function patiently<T>(coming: Promise<T>, due: string): Promise<T> {
  try {
    return await coming;
  } catch (error) {
    if (error instanceof Silence) throw new Silence(`${error.message}: ${due}`);
    throw error;
  }
}

function dueFor({ type }: Answer): string {
  return type === 'pong' ? 'a Pong was due' : 'an echo was due';
}

function describe(received: Received): string {
  if (received.type === 'end') return 'the end of the connection';
  if (received.type === 'close') return `a Close with ${codeName(received.code)}`;
  return `${name(received.type)} of ${received.payload.length} octets`;
}

function name(type: Exclude<Received['type'], 'close' | 'end'>): string {
  return { text: 'a text', binary: 'a binary message', ping: 'a Ping', pong: 'a Pong' }[type];
}

function codeName(code: number | undefined): string {
  return code === undefined ? 'no code' : `code ${code}`;
}

function count(answers: number): string {
  return answers === 1 ? 'a frame' : `${answers} frames`;
}

/** The server is not there. */
function isNetworkError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
