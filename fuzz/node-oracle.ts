/**
 * What node:http makes of bytes: `http.createServer` with its strict parser, fed through the public `connection` event with a
 * stream in memory. Requests are seen as an application sees them, and never answered. What node:http refuses above its parser
 * (no `Host`, an unknown expectation) shows as a status that it wants to write; what it does behind a refusal is not recorded.
 */

import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { SeenRequest, Verdict } from './verdict.js';

interface Incoming {
  readonly message: IncomingMessage;
  readonly pieces: Buffer[];
  readonly isTunnel: boolean;
}

/** A connection without a socket, which remembers what was heard on it. */
class MemoryConnection extends Duplex {
  readonly requests: Incoming[] = [];
  refusal: string | undefined;

  override _read(): void {}

  override _write(_bytes: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

/** Writes nothing, and notes the status with which node:http itself would have answered. */
class UnsentResponse extends ServerResponse {
  override writeHead(status: number): this {
    connectionOf(this.req).refusal ??= `status ${status}`;
    return this;
  }

  override end(): this {
    return this;
  }
}

export class NodeOracle {
  readonly #server = createServer({ insecureHTTPParser: false, ServerResponse: UnsentResponse });

  constructor() {
    this.#server.on('request', (message) => noteRequest(message, false));
    this.#server.on('checkContinue', (message) => noteRequest(message, false));
    this.#server.on('connect', (message) => noteRequest(message, true));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (socket instanceof MemoryConnection) socket.refusal ??= error.code ?? error.message;
    });
  }

  /** The verdict on each connection; many at once cost less than one by one. */
  async verdicts(connections: readonly Uint8Array[]): Promise<Verdict[]> {
    const opened = connections.map((bytes) => {
      const connection = new MemoryConnection();
      this.#server.emit('connection', connection);
      connection.push(Buffer.from(bytes));
      return connection;
    });
    await turn();
    const verdicts = opened.map(verdictOn);
    for (const connection of opened) connection.destroy();
    return verdicts;
  }

  async verdict(bytes: Uint8Array): Promise<Verdict> {
    const [verdict] = await this.verdicts([bytes]);
    return verdict!;
  }
}

function connectionOf(message: IncomingMessage): MemoryConnection {
  const connection: Duplex = message.socket;
  if (!(connection instanceof MemoryConnection)) throw new TypeError('a request came from elsewhere');
  return connection;
}

function noteRequest(message: IncomingMessage, isTunnel: boolean): void {
  const connection = connectionOf(message);
  if (connection.refusal !== undefined) return;
  const pieces: Buffer[] = [];
  connection.requests.push({ message, pieces, isTunnel });
  message.on('data', (piece: Buffer) => pieces.push(piece));
}

function verdictOn(connection: MemoryConnection): Verdict {
  const { requests, refusal } = connection;
  const isClosed = refusal === 'HPE_CLOSED_CONNECTION' || requests.at(-1)?.isTunnel === true;
  return { requests: requests.map(seen), ending: isClosed ? 'closed' : (refusal ?? 'open') };
}

function seen({ message, pieces, isTunnel }: Incoming): SeenRequest {
  return {
    method: message.method ?? '',
    target: message.url ?? '',
    isHttp10: message.httpVersion === '1.0',
    fields: message.rawHeaders,
    body: Buffer.concat(pieces).toString('latin1'),
    trailers: message.rawTrailers,
    isComplete: message.complete || isTunnel,
  };
}
