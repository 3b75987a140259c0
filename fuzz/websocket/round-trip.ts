/**
 * What the package `ws` sends as a client, in fragments and compressed as a seed has it, through real sockets and a server that sends it back:
 * it must come back equal and in order, and both sides must hear the same close code and reason.
 */

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { asChannel, type CloseDetail, MemoryChannelStore, type PerMessageDeflate, runServer, type Server } from 'longwire';
import { Random } from '../../test/support/random.js';

/** How servers compress; each has another. */
const SERVERS: readonly (boolean | PerMessageDeflate)[] = [
  false,
  true,
  { contextTakeover: true },
  { threshold: 0, windowBits: 8, contextTakeover: true },
  { threshold: 0, windowBits: 9, level: 9, memLevel: 1 },
  { threshold: 0, windowBits: 11, level: 0, contextTakeover: true },
];
const MAX_MESSAGE_BYTES = 300 * 1024;
const PATIENCE_MS = 20_000;
const TEXTS = ['a', 'ß', '€', '😀', '\0', 'the same again, ', '\u{feff}', '\u{10ffff}', 'ends in 😀'];

/** One that was sent, whether it is text, and in which pieces. */
interface Sending {
  readonly bytes: Buffer;
  readonly isText: boolean;
  readonly ends: readonly number[];
  readonly isCompressed: boolean;
}

export class RoundTrips {
  readonly #servers: Server[] = [];
  readonly #errors: unknown[] = [];
  readonly #closings = new Map<string, CloseDetail>();

  async start(): Promise<void> {
    for (const perMessageDeflate of SERVERS) this.#servers.push(await this.#serve(perMessageDeflate));
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) await server.stop({ timeoutMs: 0 });
  }

  /** What is wrong with the round trip of this seed, if anything. */
  async fault(seed: number): Promise<string | undefined> {
    const random = new Random(seed);
    const server = random.pick(this.#servers);
    const path = `/${random.pick(['send', 'late', 'broadcast'])}?${seed}`;
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { perMessageDeflate: clientDeflate(random), maxPayload: 0 });
    const patience = setTimeout(() => socket.terminate(), PATIENCE_MS);
    try {
      await once(socket, 'open');
      return (await this.#exchange(random, socket, path)) ?? this.#faultOfServer();
    } catch (error) {
      return `the client: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      clearTimeout(patience);
      socket.terminate();
    }
  }

  async #serve(perMessageDeflate: boolean | PerMessageDeflate): Promise<Server> {
    const store = new MemoryChannelStore();
    return runServer(
      (request) =>
        asChannel(request, {
          init: (channel) => store.addToGroup(request.url, channel),
          onReceive: async (channel, message) => {
            if (request.path === '/late') await new Promise(setImmediate);
            const isAccepted = request.path === '/broadcast' ? store.broadcast(request.url, message) === 1 : channel.send(message);
            if (!isAccepted) this.#errors.push('a message was not accepted');
            await channel.drained();
          },
          onClose: (_channel, _status, detail) => void this.#closings.set(request.url, detail),
        }),
      { host: '127.0.0.1', port: 0, perMessageDeflate, maxMessageBytes: MAX_MESSAGE_BYTES, onError: (error) => this.#errors.push(error) },
    );
  }

  async #exchange(random: Random, socket: WebSocket, path: string): Promise<string | undefined> {
    const sendings = Array.from({ length: 1 + random.below(8) }, () => sendingOf(random));
    const back: { readonly bytes: Buffer; readonly isText: boolean }[] = [];
    const allBack = new Promise<void>((resolve) => {
      socket.on('message', (data, isBinary) => {
        back.push({ bytes: data as Buffer, isText: !isBinary });
        if (back.length === sendings.length) resolve();
      });
    });
    const closed = once(socket, 'close') as Promise<[code: number, reason: Buffer]>;
    for (const each of sendings) await send(random, socket, each);
    await Promise.race([allBack, closed]);
    for (const [i, { bytes, isText }] of sendings.entries()) {
      if (back[i]?.isText !== isText || !back[i].bytes.equals(bytes)) return `message ${i} of ${sendings.length}, ${bytes.length} bytes, came back as ${back[i]?.bytes.length}`;
    }
    return this.#close(random, socket, path, closed);
  }

  async #close(random: Random, socket: WebSocket, path: string, closed: Promise<[code: number, reason: Buffer]>): Promise<string | undefined> {
    const code = random.pick([1000, 1001, 1011, 3000, 4999]);
    const reason = random.pick(['', 'bye', '€'.repeat(41)]);
    socket.close(code, reason);
    const [answer] = await closed;
    const giveUpAt = performance.now() + PATIENCE_MS;
    while (!this.#closings.has(path) && performance.now() < giveUpAt) await new Promise(setImmediate);
    const closing = this.#closings.get(path);
    this.#closings.delete(path);
    const isRight = answer === code && closing?.code === code && closing.reason === reason && closing.by === 'client' && closing.clean;
    return isRight ? undefined : `closed with ${code}, answered with ${answer}, and told as ${JSON.stringify(closing)}`;
  }

  #faultOfServer(): string | undefined {
    const [error] = this.#errors.splice(0);
    return error === undefined ? undefined : `the server: ${error instanceof Error ? error.stack : String(error)}`;
  }
}

function clientDeflate(random: Random) {
  if (random.once(4)) return false;
  return {
    threshold: random.pick([0, 100]),
    ...(random.once(2) ? { clientNoContextTakeover: true } : {}),
    ...(random.once(2) ? { serverNoContextTakeover: true } : {}),
    ...(random.once(2) ? { clientMaxWindowBits: random.pick([9, 12, 15]) } : {}),
    ...(random.once(2) ? { serverMaxWindowBits: random.pick([8, 9, 12, 15]) } : {}),
    zlibDeflateOptions: { level: random.below(10), memLevel: 1 + random.below(9) },
  };
}

function sendingOf(random: Random): Sending {
  const isText = random.once(2);
  const bytes = contentOf(random, isText, random.pick([0, 1, 20, 125, 126, 1000, 4096, 16_384, 65_535, 65_536, random.below(MAX_MESSAGE_BYTES), MAX_MESSAGE_BYTES]));
  const ends = Array.from({ length: random.pick([0, 0, 1, 2, 9]) }, () => random.below(bytes.length + 1));
  return { bytes, isText, ends: ends.sort((a, b) => a - b), isCompressed: !random.once(4) };
}

function contentOf(random: Random, isText: boolean, length: number): Buffer {
  if (!isText) return Buffer.alloc(length, random.bytes(random.once(2) ? 70_000 : 1 + random.below(300)));
  let text = '';
  while (text.length < Math.min(length, 3_000)) text += random.pick(TEXTS);
  const repeated = Buffer.from(text === '' ? '' : text.repeat(Math.ceil(length / text.length)));
  let end = Math.min(length, repeated.length);
  // Not within a character.
  while (end > 0 && end < repeated.length && (repeated[end]! & 0xc0) === 0x80) end--;
  return repeated.subarray(0, end);
}

/** Fragments may end within a character; a ping may come between two of them. */
async function send(random: Random, socket: WebSocket, { bytes, isText, ends, isCompressed }: Sending): Promise<void> {
  let at = 0;
  for (const [i, end] of [...ends, bytes.length].entries()) {
    socket.send(bytes.subarray(at, end), { binary: !isText, fin: i === ends.length, compress: isCompressed });
    if (random.once(8)) socket.ping('between');
    if (random.once(8)) await new Promise(setImmediate);
    at = end;
  }
}

