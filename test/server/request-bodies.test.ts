/** Reading the body of a request: in every way, up to its limits, with backpressure, and what happens where nobody reads it. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type HttpRequest, ProtocolError, UsageError } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { chunk, post, postChunked, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { atRest, Gate, until } from '../support/signals.js';

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Every way to read a body gives the same bytes. */
const READERS: Readonly<Record<string, (incoming: HttpRequest) => Promise<Uint8Array>>> = {
  'text()': async (incoming) => Buffer.from(await incoming.text()),
  'bytes()': (incoming) => incoming.bytes(),
  body: (incoming) => collected(incoming.body),
};

const BODIES = { nothing: '', 'few bytes': 'hello', 'UTF-8': 'grün 日本 🚀', '900 KB': 'ü'.repeat(450_000) };

for (const [reader, read] of Object.entries(READERS)) {
  for (const [size, text] of Object.entries(BODIES)) {
    for (const framing of ['a Content-Length', 'chunks']) {
      test(`reads ${size} by ${reader}, sent with ${framing}`, async (t) => {
        const { url, errors } = await startServer(t, async (incoming) => ({ body: await read(incoming) }));
        const bytes = Buffer.from(text);
        const body = framing === 'chunks' ? new Blob([bytes]).stream() : bytes;
        const response = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
        assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes));
        assert.deepEqual(errors, []);
      });
    }
  }
}

test('bytes() and the pieces of body pin no more memory than twice their own, with nothing behind them', async (t) => {
  const { port } = await startServer(t, async (incoming) => {
    const pieces = incoming.path === '/bytes' ? [await incoming.bytes()] : [];
    for await (const piece of incoming.path === '/pieces' ? incoming.body : []) pieces.push(piece);
    return pieces.map(({ length, byteOffset, buffer }) => `${length} from ${byteOffset} of ${buffer.byteLength}`).join();
  });
  for (const length of [1, 1000, 5000, 65_536]) {
    for (const path of ['/bytes', '/pieces']) {
      const client = await RawClient.open(t, port);
      client.send(post(path, 'a'.repeat(length)) + post('/', 'secret'));
      const seen = [...(await client.readResponse()).body.matchAll(/(\d+) from (\d+) of (\d+)/g)].map((match) => match.slice(1).map(Number));
      assert.equal(seen.reduce((sum, [bytes]) => sum + bytes!, 0), length);
      for (const [bytes, offset, memory] of seen) assert.ok(memory! <= 2 * bytes! && offset! + bytes! === memory, `${bytes} from ${offset} of ${memory}`);
    }
  }
});

test('reads JSON', async (t) => {
  const { url } = await startServer(t, async (incoming) => JSON.stringify((await incoming.json<{ a: number[] }>()).a));
  assert.equal(await (await fetch(url, { method: 'POST', body: '{"a":[1,2]}' })).text(), '[1,2]');
});

for (const text of ['{', '', 'undefined', '{"a":1}x']) {
  test(`answers 400 to a body that is not JSON: ${JSON.stringify(text)}, and keeps quiet to onError`, async (t) => {
    const { url, errors } = await startServer(t, async (incoming) => JSON.stringify(await incoming.json()));
    const response = await fetch(url, { method: 'POST', body: text });
    assert.deepEqual([response.status, await response.text()], [400, 'Bad Request']);
    assert.deepEqual(errors, []);
  });
}

for (const isCaught of [false, true]) {
  for (const { what, bytes, code } of [
    { what: 'too large by its Content-Length', bytes: post('/', '"01234567890"'), code: 'HTTP_BODY_TOO_LARGE' },
    { what: 'too large in chunks', bytes: postChunked('/') + chunk('"01234567890"') + chunk(''), code: 'HTTP_BODY_TOO_LARGE' },
    { what: 'no JSON', bytes: post('/', '{'), code: 'HTTP_BAD_JSON' },
  ]) {
    test(`tells onClientError once of a body that is ${what}, and counts it, where the handler ${isCaught ? 'catches the error' : 'lets the error through'}`, async (t) => {
      const heard: string[] = [];
      const handler = (incoming: HttpRequest): Promise<string> => incoming.json<string>().catch((error: unknown) => (isCaught ? 'caught' : Promise.reject(error)));
      const { port, server, errors } = await startServer(t, handler, { maxBodyBytes: 10, onClientError: (error) => heard.push(error.code) });
      const client = await RawClient.open(t, port);
      await client.send(bytes);
      await client.readResponse();
      assert.deepEqual(heard, [code]);
      assert.deepEqual(server.stats().errors, { [code]: 1 });
      assert.deepEqual(errors, []);
    });
  }
}

test('reads trailers behind the body, and none before its end', async (t) => {
  const { port } = await startServer(t, async (incoming) => {
    const before = Object.keys(incoming.trailers).length;
    const text = await incoming.text();
    return `${before} ${text} ${incoming.trailers['x-sum']}`;
  });
  const client = await RawClient.open(t, port);
  await client.send(`${postChunked('/')}${chunk('body')}0\r\nX-Sum: 42\r\n\r\n${request('/', '', { method: 'HEAD' })}`);
  assert.equal((await client.readResponse()).body, '0 body 42');
});

for (const framing of ['a Content-Length', 'chunks']) {
  test(`answers 413 to a collected body over maxBodyBytes with ${framing}, and takes one of exactly so many`, async (t) => {
    const { port, errors } = await startServer(t, (incoming) => incoming.text(), { maxBodyBytes: 10 });
    const send = (body: string): string => (framing === 'chunks' ? postChunked('/') + chunk(body) + chunk('') : post('/', body));
    const client = await RawClient.open(t, port);
    await client.send(send('0123456789'));
    assert.equal((await client.readResponse()).body, '0123456789');
    await client.send(send('0123456789x'));
    const { head, body } = await client.readResponse();
    assert.ok(head.startsWith('HTTP/1.1 413 Content Too Large\r\n') && head.includes('\r\nConnection: close\r\n'), head);
    assert.equal(body, 'Content Too Large');
    assert.deepEqual(errors, []);
  });

  test(`rejects a streamed body over maxStreamedBodyBytes with ${framing}, and streams more than maxBodyBytes`, async (t) => {
    const { port } = await startServer(t, async (incoming) => String((await collected(incoming.body)).length), { maxBodyBytes: 10, maxStreamedBodyBytes: 20 });
    const send = (body: string): string => (framing === 'chunks' ? postChunked('/') + chunk(body) + chunk('') : post('/', body));
    const client = await RawClient.open(t, port);
    await client.send(send('x'.repeat(20)));
    assert.equal((await client.readResponse()).body, '20');
    await client.send(send('x'.repeat(21)));
    assert.ok((await client.readResponse()).head.startsWith('HTTP/1.1 413 '));
  });
}

test('says Connection: close where a handler answers in its own words to a body that was too large', async (t) => {
  const { port } = await startServer(t, (incoming) => incoming.text().catch((error: ProtocolError) => `caught ${error.status}`), { maxBodyBytes: 10 });
  const client = await RawClient.open(t, port);
  await client.send(post('/', '').replace('Length: 0', 'Length: 1000000'));
  const { head, body } = await client.readResponse();
  assert.equal(body, 'caught 413');
  assert.ok(head.includes('\r\nConnection: close\r\n'), head);
});

test('answers 400 to broken chunks to a handler that lets the error through, and closes', async (t) => {
  const { port, errors } = await startServer(t, (incoming) => incoming.text());
  const client = await RawClient.open(t, port);
  await client.send(`${postChunked('/')}4\r\nfourXX`);
  const { head } = await client.readResponse();
  assert.ok(head.startsWith('HTTP/1.1 400 Bad Request\r\n') && head.includes('\r\nConnection: close\r\n'), head);
  assert.deepEqual(errors, []);
});

test('lets a handler answer broken chunks in its own words, with Connection: close', async (t) => {
  const { port } = await startServer(t, (incoming) => incoming.text().catch((error: ProtocolError) => ({ status: 422, body: error.code })));
  const client = await RawClient.open(t, port);
  await client.send(`${postChunked('/')}zz\r\n`);
  const { head, body } = await client.readResponse();
  assert.equal(body, 'HTTP_BAD_CHUNK_SIZE');
  assert.ok(head.startsWith('HTTP/1.1 422 ') && head.includes('\r\nConnection: close\r\n'), head);
});

for (const [first, second] of [['text', 'text'], ['text', 'body'], ['body', 'bytes'], ['body', 'body']] as const) {
  test(`rejects ${second} behind ${first} with a UsageError: a body is read once`, async (t) => {
    const errors: unknown[] = [];
    const read = async (incoming: HttpRequest, how: 'text' | 'bytes' | 'body'): Promise<unknown> => (how === 'body' ? collected(incoming.body) : incoming[how]());
    const { url } = await startServer(t, async (incoming) => {
      await read(incoming, first);
      await read(incoming, second).catch((error: unknown) => errors.push(error));
      return 'x';
    });
    assert.equal((await fetch(url, { method: 'POST', body: 'hello' })).status, 200);
    assert.ok(errors[0] instanceof UsageError, String(errors[0]));
    assert.match(errors[0].message, /read once/);
  });
}

test('reads the body of a request that has none as often as one likes', async (t) => {
  const { url } = await startServer(t, async (incoming) => `[${await incoming.text()}${await incoming.text()}${String(await collected(incoming.body))}]`);
  assert.equal(await (await fetch(url)).text(), '[]');
});

test('drains a small body that nobody reads, and keeps the connection', async (t) => {
  const { port } = await startServer(t, ({ path }) => path);
  const client = await RawClient.open(t, port);
  await client.send(post('/unread', 'x'.repeat(60_000)) + postChunked('/chunks') + chunk('x'.repeat(60_000)) + chunk('') + request('/next'));
  for (const path of ['/unread', '/chunks', '/next']) {
    const { head, body } = await client.readResponse();
    assert.equal(body, path);
    assert.ok(!head.includes('Connection: close'), head);
  }
});

test('drains the rest of a body of which the handler read only the beginning', async (t) => {
  const { port } = await startServer(t, async (incoming) => {
    if (incoming.path === '/next') return 'next';
    for await (const piece of incoming.body) return String(piece[0]);
    return 'none';
  });
  const client = await RawClient.open(t, port);
  await client.send(`${postChunked('/')}${chunk('A')}`);
  assert.equal((await client.readResponse()).body, '65');
  await client.send(chunk('the rest') + chunk('') + request('/next'));
  assert.equal((await client.readResponse()).body, 'next');
});

test('says Connection: close where the handler read only the beginning of a body with much to come', async (t) => {
  const { port } = await startServer(t, async (incoming) => {
    for await (const piece of incoming.body) return String(piece[0]);
    return 'none';
  });
  const client = await RawClient.open(t, port);
  await client.send(`${post('/', '').replace('Length: 0', 'Length: 1000000')}A`);
  const { head, body } = await client.readResponse();
  assert.equal(body, '65');
  assert.ok(head.includes('\r\nConnection: close\r\n'), head);
});

test('says Connection: close to a large body that nobody reads', async (t) => {
  const { port } = await startServer(t, () => 'ignored');
  const client = await RawClient.open(t, port);
  await client.send(post('/', '').replace('Length: 0', `Length: ${64 * 1024 + 1}`));
  const { head, body } = await client.readResponse();
  assert.equal(body, 'ignored');
  assert.ok(head.includes('\r\nConnection: close\r\n'), head);
  assert.equal(await client.readToEnd(), '');
});

test('keeps a piece of a body as it was while later ones come', async (t) => {
  const { url } = await startServer(t, async (incoming) => {
    const pieces: Uint8Array[] = [];
    const hashes: string[] = [];
    const hash = (piece: Uint8Array): string => createHash('sha1').update(piece).digest('hex');
    for await (const piece of incoming.body) {
      pieces.push(piece);
      hashes.push(hash(piece));
    }
    return String(pieces.every((piece, i) => hash(piece) === hashes[i]));
  });
  const body = Buffer.alloc(500_000).map((_, i) => i % 251);
  assert.equal(await (await fetch(url, { method: 'POST', body })).text(), 'true');
});

test('reads no further ahead than its buffers while the handler does not read, and then all of it', async (t) => {
  const goOn = new Gate();
  const { port, server } = await startServer(t, async (incoming) => {
    await goOn.opened;
    let length = 0;
    for await (const piece of incoming.body) length += piece.length;
    return String(length);
  });
  const client = await RawClient.open(t, port);
  const length = 30_000_000;
  await client.send(post('/', '').replace('Length: 0', `Length: ${length}`));
  void client.send(new Uint8Array(length));
  await until(() => server.stats().pauses > 0, 'the pause');
  const read = await atRest(() => server.stats().bytes.in);
  assert.ok(read < 1_000_000, `${read} bytes were read ahead`);
  goOn.open();
  assert.equal((await client.readResponse()).body, String(length));
});

test('streams 50 MiB through with the right hash', async (t) => {
  const { url } = await startServer(t, async (incoming) => {
    const hash = createHash('sha256');
    for await (const piece of incoming.body) hash.update(piece);
    return hash.digest('hex');
  });
  const hash = createHash('sha256');
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === 800) return controller.close();
      const piece = Buffer.alloc(65_536, sent++);
      hash.update(piece);
      controller.enqueue(piece);
    },
  });
  const response = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
  assert.equal(await response.text(), hash.digest('hex'));
});

test('echoes a body while it is still being sent', async (t) => {
  const { port } = await startServer(t, ({ path, body }) => (path === '/next' ? 'next' : { body }));
  const client = await RawClient.open(t, port);
  await client.send(postChunked('/'));
  for (const word of ['ping', 'pong', 'last']) {
    await client.send(chunk(word));
    await client.readUntil(`4\r\n${word}\r\n`);
  }
  await client.send(chunk('') + request('/next'));
  await client.readUntil('0\r\n\r\n');
  assert.equal((await client.readResponse()).body, 'next');
});
