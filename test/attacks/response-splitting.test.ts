/** Response splitting: what an application takes from its clients cannot end a line of a head, and who notices the refusal can answer all the same. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel, type HandlerResult, type HttpRequest, type HttpResponse, UsageError } from 'longwire';
import { readAnswers } from '../support/answer-text.js';
import { handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';

const SPLIT = 'x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nX-For: evil\r\nContent-Length: 4\r\n\r\nevil';

/** Values that end a line for somebody. */
const VALUES: Readonly<Record<string, string>> = {
  'a whole response': SPLIT,
  'CR LF': 'a\r\nX-Evil: 1',
  'CR LF at its end': 'a\r\n',
  'CR LF at its start': '\r\nX-Evil: 1',
  'CR LF and white space, which folds': 'a\r\n b',
  'CR alone': 'a\rX-Evil: 1',
  'LF alone': 'a\nX-Evil: 1',
  'NUL': 'a\0b',
  'a vertical tab': 'a\x0bb',
  'a form feed': 'a\x0cb',
  'DEL': 'a\x7f',
  'U+010D and U+010A, which latin1 would cut to CR LF': 'a\u010d\u010aX-Evil: 1',
  'U+560D and U+560A, which latin1 would cut to CR LF': 'a\u560d\u560aX-Evil: 1',
  'U+2028': 'a\u2028X-Evil: 1',
  'half of a surrogate pair': 'a\ud80d',
};

const NAMES: Readonly<Record<string, string>> = {
  'CR LF': 'X-A\r\nX-Evil',
  'CR LF and a colon': 'X-A: 1\r\nX-Evil',
  'LF alone': 'X-A\nX-Evil',
  'CR alone': 'X-A\rX-Evil',
  'a colon': 'X-A:',
  'a space': 'X-A ',
  'NUL': 'X-A\0',
  'a Kelvin sign, whose lower case is a k': 'X-\u212a',
  'a long s, whose upper case is an S': 'X-\u017f',
};

/** The ways in which fields reach a response. Each throws what is refused. */
const WAYS: Readonly<Record<string, (request: HttpRequest, headers: Record<string, string>) => void>> = {
  'send to a channel': (request, headers) => void asChannel(request).send({ headers, body: 'x' }),
  'send to a channel that begins a stream': (request, headers) => void asChannel(request).send({ headers, body: 'x' }, false),
  'send to a channel with a head alone': (request, headers) => void asChannel(request).send({ headers }, false),
  'send to a channel with a streamed body': (request, headers) => void asChannel(request).send({ headers, body: ['x'] }),
};

const FIELDS = [
  ...Object.entries(VALUES).map(([name, value]) => [`a value with ${name}`, { 'X-A': value }] as const),
  ...Object.entries(VALUES).map(([name, value]) => [`a Content-Type with ${name}`, { 'Content-Type': value }] as const),
  ...Object.entries(VALUES).map(([name, value]) => [`a Connection with ${name}`, { Connection: value }] as const),
  ...Object.entries(VALUES).map(([name, value]) => [`a Content-Length with ${name}`, { 'Content-Length': value }] as const),
  ...Object.entries(NAMES).map(([name, field]) => [`a name with ${name}`, { [field]: '1' }] as const),
  ['a Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }],
  ['a Transfer-Encoding in mixed case', { 'tRANSFER-eNCODING': 'identity' }],
] as const;

const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';

for (const [way, act] of Object.entries(WAYS)) {
  test(`refuses ${FIELDS.length} kinds of fields that would split a response, by ${way}, and lets the handler answer in their place`, async (t) => {
    const thrown: unknown[] = [];
    let fields: Record<string, string> = {};
    const { port, errors } = await startServer(t, (request) => {
      if (request.path === '/next') return { headers: { 'X-For': 'next' }, body: 'next' };
      try {
        act(request, fields);
      } catch (error) {
        thrown.push(error);
      }
      const channel = asChannel(request);
      channel.send({ headers: { 'X-For': 'front' }, body: 'instead' });
      return channel;
    });
    for (const [name, headers] of FIELDS) {
      fields = headers;
      const client = await RawClient.open(t, port);
      await client.send(`GET /front HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`);
      const text = await client.readUntil('instead') + (await client.readUntil('\r\n\r\nnext'));
      client.end();
      const answers = readAnswers(text + (await client.readToEnd()), ['GET', 'GET']);
      assert.deepEqual(answers.map(({ summary, body }) => [summary, body]), [['200 front', 'instead'], ['200 next', 'next']], name);
      assert.ok(thrown.pop() instanceof UsageError, name);
    }
    assert.deepEqual([thrown, errors], [[], []]);
  });
}

/** What a handler may return or throw away that must become a 500, whole or streamed. */
const RESULTS: Readonly<Record<string, (headers: Record<string, string>) => HttpResponse>> = {
  'with a whole body': (headers) => ({ headers, body: 'x' }),
  'without a body': (headers) => ({ status: 302, headers }),
  'with a streamed body': (headers) => ({ headers, body: ['x'] }),
};

for (const [name, result] of Object.entries(RESULTS)) {
  test(`answers 500 and nothing else to a response ${name} that would be split, and reports each as a UsageError`, async (t) => {
    let fields: Record<string, string> = {};
    const { port, errors } = await startServer(t, (request) => (request.path === '/next' ? 'next' : result(fields)));
    for (const [what, headers] of FIELDS) {
      fields = headers;
      const client = await RawClient.open(t, port);
      await client.send(`GET /front HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`);
      const answers = readAnswers(await client.readToEnd(), ['GET', 'GET']);
      assert.deepEqual(answers.map(({ summary, body, closes }) => [summary, body, closes]), [['500', 'Internal Server Error', true]], what);
      assert.ok(errors.pop() instanceof UsageError, what);
    }
    assert.deepEqual(errors, []);
  });
}

test('refuses fields that would split the head of a 101, and answers the handshake in HTTP', async (t) => {
  let fields: Record<string, string> = {};
  const { port, errors } = await startServer(t, (request) => asChannel(request, { headers: fields }));
  for (const [name, headers] of FIELDS) {
    fields = headers;
    const client = await RawClient.open(t, port);
    await client.send(handshake());
    const answers = readAnswers(await client.readToEnd(), ['GET']);
    assert.deepEqual(answers.map(({ summary, closes }) => [summary, closes]), [['500', true]], name);
    assert.ok(errors.pop() instanceof UsageError, name);
  }
  assert.deepEqual(errors, []);
});

test('never echoes a subprotocol that is no token into the head of a 101', async (t) => {
  const { port } = await startServer(t, (request) => asChannel(request, { protocols: (offered) => offered[0] }));
  for (const offered of ['a b', '"a"', 'a\x85b', 'a\xe9', 'a;b', 'a=b, c', '']) {
    const client = await RawClient.open(t, port);
    await client.send(handshake('/', `Sec-WebSocket-Protocol: ${offered}\r\n`));
    assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /, offered);
  }
});

test('writes no part of a request into the answer to one that is refused', async (t) => {
  const { port } = await startServer(t, () => 'never');
  const refused = ['GET /evil%0d%0aX-Evil: HTTP/1.1\r\nHost: a\r\nX: evil\0\r\n\r\n', 'evil\r\n\r\n', 'GET /evil HTTP/9.9\r\nHost: evil\r\n\r\n', 'GET / HTTP/1.1\r\nHost: evil evil\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: evil\r\n\r\n'];
  for (const bytes of refused) {
    const client = await RawClient.open(t, port);
    await client.send(bytes);
    const text = await client.readToEnd();
    assert.match(text, /^HTTP\/1\.1 [45]\d\d /);
    assert.doesNotMatch(text, /evil/i);
  }
});

test('writes a status with its own reason phrase, whatever a response has beside it', async (t) => {
  const results: Record<string, unknown> = {
    reason: { status: 200, reason: SPLIT, body: 'x' },
    statusText: { status: 404, statusText: SPLIT, body: 'x' },
    statusMessage: { status: 599, statusMessage: SPLIT, body: 'x' },
  };
  const { port } = await startServer(t, (request) => results[request.path.slice(1)] as HandlerResult);
  for (const name of Object.keys(results)) {
    const client = await RawClient.open(t, port);
    await client.send(`GET /${name} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const { head, body } = await client.readResponse();
    assert.equal(body, 'x');
    assert.doesNotMatch(head, /evil/);
  }
});

test('sends a body that looks like responses as a body, whole and in chunks', async (t) => {
  const { port } = await startServer(t, (request) => ({ body: request.path === '/stream' ? [SPLIT, '0\r\n\r\n', SPLIT] : SPLIT }));
  const client = await RawClient.open(t, port);
  await client.send('GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /whole HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const answers = readAnswers(await client.readToEnd(), ['GET', 'GET']);
  assert.deepEqual(answers.map(({ body }) => body), [`${SPLIT}0\r\n\r\n${SPLIT}`, SPLIT]);
});
