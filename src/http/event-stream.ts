/**
 * The text of an event stream: what its head says, and one event as the lines that a client makes it from (HTML Standard, §9.2
 * Server-sent events). That no line of an event can end early was checked when it was sent.
 */

import { UsageError } from '../errors.js';
import type { HeaderFields, ServerSentEvent } from './contract.js';
import { encodeFields, type ResponseFields } from './response.js';

/** A comment: the empty line behind it fires nothing, as there is no data. */
export const HEARTBEAT = ':\n\n';

const CONTENT_TYPE = 'Content-Type: text/event-stream; charset=utf-8\r\n';
/** What keeps those between us and the client from answering with it again, changing it or holding it back; the application may say something else. */
const DEFAULTS = [
  { line: 'Cache-Control: no-cache, no-transform\r\n', given: /^cache-control:/im },
  // Asks nginx not to collect the response, whatever its `proxy_buffering` says.
  { line: 'X-Accel-Buffering: no\r\n', given: /^x-accel-buffering:/im },
];
const LINE_END = /\r\n|\r|\n/g;
/** Made once for all streams whose application adds nothing. */
const DEFAULT_FIELDS = withDefaults(encodeFields(undefined));

/** The fields of the head, with those of the application; a `UsageError` for one that is wrong here. */
export function eventStreamFields(headers: HeaderFields | undefined): ResponseFields {
  if (headers === undefined) return DEFAULT_FIELDS;
  const fields = encodeFields(headers);
  if (fields.hasContentType) throw new UsageError('the Content-Type of an event stream is text/event-stream: leave it out');
  if (fields.contentLength !== undefined) throw new UsageError('the length of an event stream is not known: leave Content-Length out');
  return withDefaults(fields);
}

function withDefaults(fields: ResponseFields): ResponseFields {
  const defaults = DEFAULTS.filter(({ given }) => !given.test(fields.lines)).map(({ line }) => line);
  return { ...fields, hasContentType: true, lines: CONTENT_TYPE + defaults.join('') + fields.lines };
}

/**
 * One event, with the empty line that ends it. No name tells bytes from text that has the same one, so a field of their own does, which an
 * `EventSource` ignores (§9.2.6).
 */
export function encodeEvent({ event, id, data, retry }: ServerSentEvent): string {
  const isBinary = typeof data === 'object';
  const name = event ?? (isBinary ? 'binary' : undefined);
  let text = '';
  if (name !== undefined) text += `event: ${name}\n`;
  if (id !== undefined) text += `id: ${id}\n`;
  if (retry !== undefined) text += `retry: ${retry}\n`;
  if (isBinary) text += `encoding: base64\ndata: ${base64Of(data)}\n`;
  else if (data !== undefined) text += `data: ${data.replace(LINE_END, '\ndata: ')}\n`;
  return `${text}\n`;
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
