/** One request as the handler sees it: a head, read on demand, and the way to its body and its channel. */

import { SLASH, unpinned } from '../bytes.js';
import { CHANNEL_HOST, type ChannelHost, type RequestWithHost } from '../channel/outlet.js';
import { type ProtocolError, UsageError } from '../errors.js';
import { httpError } from './errors.js';
import type { RequestHead } from './events.js';
import type { Client } from './forwarded.js';
import { NO_BODY, type ReadableBody } from './request-body.js';

const UTF8 = new TextDecoder();

/** The driver of the connection, as one request sees it. */
export interface RequestOwner {
  readonly settings: { readonly maxBodyBytes: number };
  /** Who sent a request: the peer of the connection, or whom a trusted proxy names. */
  clientOf(head: RequestHead): Client;
  /** The client sent what its reader cannot use. */
  noteError(error: ProtocolError): void;
}

export class IncomingRequest implements RequestWithHost {
  [CHANNEL_HOST]!: ChannelHost;
  readonly #head: RequestHead;
  #owner: RequestOwner;
  readonly #body: ReadableBody;
  #client: Client | undefined;
  #headers: Readonly<Record<string, string | undefined>> | undefined;
  #searchParams: URLSearchParams | undefined;
  #abortController: AbortController | undefined;
  #hasClientLeft = false;

  constructor(head: RequestHead, body: ReadableBody | undefined, owner: RequestOwner) {
    this.#head = head;
    this.#body = body ?? NO_BODY;
    this.#owner = owner;
  }

  get method(): string {
    return this.#head.method;
  }

  get url(): string {
    return this.#head.target;
  }

  get path(): string {
    const target = this.#head.target;
    const start = pathStart(target);
    const question = target.indexOf('?', start);
    const path = target.slice(start, question === -1 ? target.length : question);
    if (path !== '') return path;
    return this.#head.method === 'CONNECT' ? '' : '/';
  }

  get query(): string {
    const question = this.#head.target.indexOf('?');
    return question === -1 ? '' : this.#head.target.slice(question + 1);
  }

  get authority(): string {
    const target = this.#head.target;
    const scheme = target.charCodeAt(0) === SLASH ? -1 : target.indexOf('://');
    if (scheme !== -1) return target.slice(scheme + 3, pathStart(target));
    return this.#head.method === 'CONNECT' ? target : (this.#head.fields.get('host') ?? '');
  }

  get searchParams(): URLSearchParams {
    return (this.#searchParams ??= new URLSearchParams(this.query));
  }

  get httpVersion(): '1.0' | '1.1' {
    return this.#head.isHttp10 ? '1.0' : '1.1';
  }

  get headers(): Readonly<Record<string, string | undefined>> {
    return (this.#headers ??= this.#head.fields.toObject());
  }

  header(name: string): string | undefined {
    if (typeof name !== 'string') throw new UsageError(`header takes the name of a field as a string, not ${typeof name}`);
    return this.#head.fields.get(name.toLowerCase());
  }

  get rawHeaders(): readonly string[] {
    return this.#head.fields.toArray();
  }

  get remoteAddress(): string {
    return this.client.remoteAddress;
  }

  get remotePort(): number {
    return this.client.remotePort;
  }

  get scheme(): 'http' | 'https' {
    return this.client.isSecure ? 'https' : 'http';
  }

  /** Who sent it; the application sees it in parts. */
  get client(): Client {
    return (this.#client ??= this.#owner.clientOf(this.#head));
  }

  get isWebSocketUpgrade(): boolean {
    return this.#head.isWebSocketUpgrade;
  }

  get signal(): AbortSignal {
    if (this.#abortController === undefined) {
      this.#abortController = new AbortController();
      if (this.#hasClientLeft) this.#abortController.abort(httpError('HTTP_CLIENT_LEFT'));
    }
    return this.#abortController.signal;
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.#body;
  }

  get trailers(): Readonly<Record<string, string | undefined>> {
    return this.#body.trailers.toObject();
  }

  text(): Promise<string> {
    return this.#collect(decode);
  }

  json<T = unknown>(): Promise<T> {
    return this.#collect((bytes) => this.#parseJson<T>(bytes));
  }

  bytes(): Promise<Uint8Array> {
    return this.#collect(unpinned);
  }

  /** See `Responder.handOver`. */
  handOver(owner: RequestOwner): void {
    this.#client ??= this.#owner.clientOf(this.#head);
    this.#owner = owner;
  }

  /** The client went away before it had its answer. */
  clientLeft(): void {
    if (this.#hasClientLeft) return;
    this.#hasClientLeft = true;
    this.#abortController?.abort(httpError('HTTP_CLIENT_LEFT'));
  }

  #collect<T>(read: (bytes: Uint8Array) => T): Promise<T> {
    return this.#body.collect(this.#owner.settings.maxBodyBytes, read);
  }

  #parseJson<T>(bytes: Uint8Array): T {
    try {
      return JSON.parse(decode(bytes)) as T;
    } catch {
      const error = httpError('HTTP_BAD_JSON');
      this.#owner.noteError(error);
      throw error;
    }
  }
}

function decode(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

/** Where the path begins: behind scheme and authority in the absolute form (RFC 9112 §3.2.2), behind everything in the authority form. */
function pathStart(target: string): number {
  if (target.charCodeAt(0) === SLASH || target === '*') return 0;
  const scheme = target.indexOf('://');
  if (scheme === -1) return target.length;
  const slash = target.indexOf('/', scheme + 3);
  const question = target.indexOf('?', scheme + 3);
  if (slash === -1 || (question !== -1 && question < slash)) return question === -1 ? target.length : question;
  return slash;
}
