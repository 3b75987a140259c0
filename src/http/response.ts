/**
 * From what the application answers to the bytes of a response's head. The server owns the framing: what the application says
 * of it is honoured where it can be true, and refused where it cannot. Nothing is written before all of it was checked.
 */

import { TOKEN } from '../bytes.js';
import { UsageError } from '../errors.js';
import type { HeaderFields } from './contract.js';
import { listElements } from './headers.js';
import { reasonPhrase } from './status.js';

/** The application's header fields, encoded, and what they say of the message itself. */
export interface ResponseFields {
  /** The field lines, each with its CR LF, without those that the server owns. */
  readonly lines: string;
  readonly hasContentType: boolean;
  readonly hasDate: boolean;
  readonly hasServer: boolean;
  readonly hasUpgrade: boolean;
  readonly contentLength: number | undefined;
  /** Whether the application asked for `Connection: close`. */
  readonly closes: boolean;
  /** Its other connection options, which name fields for this connection alone. */
  readonly connectionOptions: readonly string[];
}

/** Where the body of a response ends. `none`: there is no body, and nothing is said of its length. */
export type ResponseFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NO_FIELDS: ResponseFields = {
  lines: '',
  hasContentType: false,
  hasDate: false,
  hasServer: false,
  hasUpgrade: false,
  contentLength: undefined,
  closes: false,
  connectionOptions: [],
};

const OWN_OPTIONS = new Set(['close', 'keep-alive', 'upgrade']);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Checks and encodes header fields; a `UsageError` names the field that is wrong. */
export function encodeFields(headers: HeaderFields | undefined): ResponseFields {
  if (headers === undefined || headers === null) return NO_FIELDS;
  if (typeof headers !== 'object') throw new UsageError(`headers must be an object, a Headers or an iterable of pairs, not ${typeof headers}`);
  const fields: Mutable<ResponseFields> = { ...NO_FIELDS };
  if (Symbol.iterator in headers) {
    for (const pair of headers as Iterable<unknown>) {
      if (!Array.isArray(pair) || pair.length !== 2) throw new UsageError('headers given as an iterable must be pairs of a name and a value');
      addField(fields, pair[0], pair[1]);
    }
  } else {
    for (const name of Object.keys(headers)) {
      const value: unknown = headers[name];
      if (Array.isArray(value)) for (const each of value) addField(fields, name, each);
      else if (value !== undefined) addField(fields, name, value);
    }
  }
  return fields;
}

/** Names that were checked, in lower case: an application has few, and they come with every response. */
const CHECKED_NAMES = new Map<unknown, string>();
const MAX_CHECKED_NAMES = 256;
const MAX_CHECKED_LENGTH = 64;

/** The name in lower case; a `UsageError` where it is none. */
function checkName(name: unknown): string {
  const known = CHECKED_NAMES.get(name);
  if (known !== undefined) return known;
  if (typeof name !== 'string' || !TOKEN.test(name)) {
    throw new UsageError("a header name must be a token (RFC 9110 §5.1): letters, digits and !#$%&'*+-.^_`|~");
  }
  const lowerName = name.toLowerCase();
  if (CHECKED_NAMES.size < MAX_CHECKED_NAMES && name.length <= MAX_CHECKED_LENGTH) CHECKED_NAMES.set(name, lowerName);
  return lowerName;
}

function addField(fields: Mutable<ResponseFields>, name: unknown, value: unknown): void {
  const lowerName = checkName(name);
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new UsageError(`the value of ${name} must be a string or a number, not ${value === null ? 'null' : typeof value}`);
  }
  const text = String(value);
  if (NOT_IN_VALUE.test(text)) throw new UsageError(`the value of ${name} must not hold control characters, nor any beyond latin1 (RFC 9110 §5.5)`);
  if (!noteOwnField(fields, lowerName, text)) fields.lines += `${name}: ${text}\r\n`;
}

/** Notes what a field says of the message itself; true if the server writes it, and not the application. */
function noteOwnField(fields: Mutable<ResponseFields>, name: string, value: string): boolean {
  switch (name) {
    case 'transfer-encoding':
      throw new UsageError('Transfer-Encoding is the server\'s: leave it out, a body of unknown length is chunked by itself');
    case 'content-length':
      if (!/^\d{1,15}$/.test(value)) throw new UsageError('Content-Length must be a number of bytes in digits');
      if (fields.contentLength !== undefined && fields.contentLength !== Number(value)) throw new UsageError('Content-Length was given twice, and differs: leave one');
      fields.contentLength = Number(value);
      return true;
    case 'connection':
      noteConnectionOptions(fields, value);
      return true;
    case 'content-type':
      fields.hasContentType = true;
      return false;
    case 'date':
      fields.hasDate = true;
      return false;
    case 'server':
      fields.hasServer = true;
      return false;
    case 'upgrade':
      fields.hasUpgrade = true;
      return false;
    default:
      return false;
  }
}

/** Whether the connection stays is the server's to say, and `Upgrade` stands where its field does (RFC 9110 §7.6.1). */
function noteConnectionOptions(fields: Mutable<ResponseFields>, value: string): void {
  const options = listElements(value);
  if (!options.every((option) => TOKEN.test(option))) throw new UsageError('Connection must be a list of tokens (RFC 9110 §7.6.1)');
  fields.closes ||= options.some((option) => option.toLowerCase() === 'close');
  const others = options.filter((option) => !OWN_OPTIONS.has(option.toLowerCase()));
  fields.connectionOptions = [...fields.connectionOptions, ...others];
}

/** The status of a final response; a `UsageError` where it is none. */
export function checkStatus(status: unknown): number {
  if (status === undefined) return 200;
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new UsageError('status must be a whole number from 200 to 599');
}

/** What `encodeHead` is told beside the application's fields. */
export interface HeadPlan {
  readonly status: number;
  readonly fields: ResponseFields;
  readonly framing: ResponseFraming;
  readonly isText: boolean;
  readonly isHttp10: boolean;
  readonly keepsAlive: boolean;
  readonly dateLine: string;
  readonly serverLine: string;
}

/** The head of a response, as latin1 text. */
export function encodeHead(plan: HeadPlan): string {
  const { status, fields, framing } = plan;
  let head = status === 200 ? 'HTTP/1.1 200 OK\r\n' : `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`;
  head += fields.lines;
  if (plan.isText && !fields.hasContentType) head += 'Content-Type: text/html; charset=utf-8\r\n';
  if (!fields.hasDate) head += plan.dateLine;
  if (!fields.hasServer) head += plan.serverLine;
  if (framing.kind === 'length') head += `Content-Length: ${framing.length}\r\n`;
  else if (framing.kind === 'chunked') head += 'Transfer-Encoding: chunked\r\n';
  return `${head + connectionLine(plan)}\r\n`;
}

/** RFC 9110 §7.6.1; a sender of `Upgrade` names it there (RFC 9110 §7.8). */
function connectionLine({ keepsAlive, isHttp10, fields }: HeadPlan): string {
  const persistence = keepsAlive ? (isHttp10 ? 'keep-alive' : '') : 'close';
  if (!fields.hasUpgrade && fields.connectionOptions.length === 0) return persistence === '' ? '' : `Connection: ${persistence}\r\n`;
  const options = [persistence, fields.hasUpgrade ? 'Upgrade' : '', ...fields.connectionOptions];
  return `Connection: ${options.filter((option) => option !== '').join(', ')}\r\n`;
}

/** One chunk of the chunked coding (RFC 9112 §7.1), whole; never for an empty piece, which would end the body. */
export function encodeChunk(data: string | Uint8Array): string | Uint8Array {
  const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
  const size = length.toString(16);
  if (typeof data === 'string' && length === data.length) return `${size}\r\n${data}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + 2 + length + 2);
  const start = chunk.write(`${size}\r\n`, 0, 'latin1');
  if (typeof data === 'string') chunk.write(data, start, 'utf8');
  else chunk.set(data, start);
  chunk.write('\r\n', start + length, 'latin1');
  return chunk;
}
