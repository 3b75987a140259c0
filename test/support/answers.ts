/** Responses as a strict client reads them: every byte of them accounted for. */

import assert from 'node:assert/strict';
import type { RawClient } from './raw-client.js';
import type { Answer } from './rfc.js';

export interface ReadAnswer {
  readonly status: number;
  /** The lines of the head, the empty one left out. */
  readonly head: readonly string[];
  readonly body: string;
  /** The body as it came, with the framing of its chunks. */
  readonly raw: string;
  /** The value of a field by its lower-case name; `undefined` where there is none. */
  field(name: string): string | undefined;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~\w]+): ((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/;

/** Takes one response to a request with this method, its body framed as RFC 9112 §6.3 says; of one that is cut, everything until the end. */
export async function readAnswer(client: RawClient, method: string, isCut = false): Promise<ReadAnswer> {
  const head = (await client.readUntil('\r\n\r\n')).slice(0, -4).split('\r\n');
  const status = Number(STATUS_LINE.exec(head[0]!)?.[1] ?? assert.fail(`${JSON.stringify(head[0])} is no status line`));
  const fields = head.slice(1).map((line) => FIELD_LINE.exec(line) ?? assert.fail(`${JSON.stringify(line)} is no field line`));
  const field = (name: string): string | undefined => {
    const values = fields.filter((each) => each[1]!.toLowerCase() === name).map((each) => each[2]!);
    return values.length === 0 ? undefined : values.join(', ');
  };
  const isTunnel = method === 'CONNECT' && status >= 200 && status < 300;
  const hasNoBody = method === 'HEAD' || isTunnel || status < 200 || status === 204 || status === 304;
  const raw = isCut ? await client.readToEnd() : hasNoBody ? '' : await readBody(client, field);
  const body = field('transfer-encoding') === undefined || isCut ? raw : joinChunks(raw);
  return { status, head, body, raw, field };
}

async function readBody(client: RawClient, field: (name: string) => string | undefined): Promise<string> {
  const coding = field('transfer-encoding');
  const length = field('content-length');
  if (coding !== undefined) {
    assert.equal(coding, 'chunked');
    assert.equal(length, undefined, 'no Content-Length beside a Transfer-Encoding');
    return readChunks(client);
  }
  if (length === undefined) return client.readToEnd();
  assert.match(length, /^\d+$/);
  return (await client.readBytes(Number(length))).toString('latin1');
}

async function readChunks(client: RawClient): Promise<string> {
  let raw = '';
  for (;;) {
    const line = await client.readUntil('\r\n');
    assert.match(line, /^[0-9a-f]+\r\n$/);
    raw += line;
    const size = parseInt(line, 16);
    const data = (await client.readBytes(size + 2)).toString('latin1');
    assert.ok(data.endsWith('\r\n'), 'a chunk ends with CR LF');
    raw += data;
    if (size === 0) return raw;
  }
}

function joinChunks(raw: string): string {
  let body = '';
  for (let at = 0; at < raw.length; ) {
    const lineEnd = raw.indexOf('\r\n', at);
    const size = parseInt(raw.slice(at, lineEnd), 16);
    body += raw.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
  return body;
}

/** Compares an answer with as much as is expected of it. */
export function assertAnswer(answer: ReadAnswer, { status, head, fields, body, raw }: Answer): void {
  assert.equal(answer.status, status);
  if (head !== undefined) assert.deepEqual(answer.head.filter((line) => !line.startsWith('Date: ')), head);
  for (const [name, value] of Object.entries(fields ?? {})) {
    const found = answer.field(name);
    if (value instanceof RegExp) assert.match(found ?? '', value, name);
    else assert.equal(found, value ?? undefined, name);
  }
  if (body !== undefined) assert.equal(answer.body, body);
  if (raw !== undefined) assert.equal(answer.raw, raw);
}
