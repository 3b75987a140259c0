/** What a client that trusts the framing of responses, and nothing else, reads from a connection (RFC 9112 §6.3). */

import assert from 'node:assert/strict';

export interface Answer {
  /** Its status and, where it has an `X-For`, the request that it is for. */
  readonly summary: string;
  readonly closes: boolean;
  readonly body: string;
}

/** The final responses in `text`, each framed as its request's method demands. Fails where the bytes are anything else, or more. */
export function readAnswers(text: string, methods: readonly string[]): Answer[] {
  const answers: Answer[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    assert.notEqual(end, -1, `no head: ${JSON.stringify(rest)}`);
    const head = rest.slice(0, end + 2);
    const status = Number(/^HTTP\/1\.1 (\d{3}) [^\r\n]+\r\n(?:[!#-'*+\-.^-z|~0-9A-Z]+: [^\r\n]*\r\n)*$/.exec(head)?.[1] ?? assert.fail(`no head: ${JSON.stringify(head)}`));
    rest = rest.slice(end + 4);
    if (status === 100) continue;
    const { body, after } = takeBody(rest, head, status, methods[answers.length]);
    rest = after;
    const whose = field(head, 'X-For');
    answers.push({ summary: whose === undefined ? `${status}` : `${status} ${whose}`, closes: field(head, 'Connection') === 'close', body });
  }
  return answers;
}

function takeBody(rest: string, head: string, status: number, method: string | undefined): { body: string; after: string } {
  if (method === 'HEAD' || status === 204 || status === 304) return { body: '', after: rest };
  const length = field(head, 'Content-Length');
  if (field(head, 'Transfer-Encoding') === 'chunked') {
    assert.equal(length, undefined, 'a response has one framing');
    return takeChunks(rest);
  }
  assert.match(length ?? '', /^\d+$/, `no framing: ${JSON.stringify(head)}`);
  assert.ok(rest.length >= Number(length), 'the body is whole');
  return { body: rest.slice(0, Number(length)), after: rest.slice(Number(length)) };
}

function takeChunks(coded: string): { body: string; after: string } {
  let body = '';
  for (let rest = coded; ; ) {
    const [line, digits] = /^([0-9a-f]+)\r\n/.exec(rest) ?? assert.fail(`no chunk: ${JSON.stringify(rest)}`);
    const size = parseInt(digits!, 16);
    const data = rest.slice(line.length, line.length + size);
    assert.equal(rest.slice(line.length + size, line.length + size + 2), '\r\n', 'a chunk ends with CR LF');
    rest = rest.slice(line.length + size + 2);
    if (size === 0) return { body, after: rest };
    body += data;
  }
}

function field(head: string, name: string): string | undefined {
  const values = head.split('\r\n').filter((line) => line.startsWith(`${name}: `));
  assert.ok(values.length <= 1, `${name} stands in a response once`);
  return values[0]?.slice(name.length + 2);
}
