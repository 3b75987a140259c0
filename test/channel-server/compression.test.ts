/** Compressed messages over a real WebSocket, both ways: whatever was agreed on, any client that keeps to it understands, and is understood. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { type ClientOptions, type PerMessageDeflateOptions, WebSocket } from 'ws';
import { asChannel, type Message, MemoryChannelStore, type PerMessageDeflate } from 'longwire';
import { startChannelServer } from '../support/channels.js';
import { readDeflate } from '../support/deflate-blocks.js';
import { DeflateWebSocket } from '../support/deflate-web-socket.js';
import { clientFrame, text } from '../support/frames.js';
import { Random } from '../support/random.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

const ALL = { threshold: 0, contextTakeover: true } as const;
const OFFER = 'permessage-deflate; client_max_window_bits';

/** Messages of every kind and size: a few words again and again, so that there is what to refer to, and what cannot be compressed. */
function makeMessages(seed: number): Message[] {
  const random = new Random(seed);
  const words = Array.from({ length: 50 }, () => Buffer.from(random.bytes(4 + random.below(20))).toString('base64'));
  const prose = (bytes: number): string => Array.from({ length: Math.ceil(bytes / 10) }, () => random.pick(words)).join(' ').slice(0, bytes);
  return ['', 'a', new Uint8Array(0), 'grüße €😀', ...[100, 1000, 16_384, 16_385, 100_000].flatMap((size) => [prose(size), Uint8Array.from(Buffer.from(prose(size))), Uint8Array.from(randomBytes(size))]), prose(100)];
}

const asBytes = (message: Message): Buffer => Buffer.from(message as string);

test('sends what any inflater understands: text and bytes of all sizes, empty ones among them', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL });
  const client = await DeflateWebSocket.open(t, server.port);
  assert.equal(client.agreed, 'permessage-deflate');
  const { channel } = await server.next();
  for (const message of makeMessages(1)) {
    assert.equal(channel.send(message), true);
    const { frame, isCompressed, data } = await client.read();
    assert.ok(isCompressed);
    assert.deepEqual([frame.fin, frame.opcode], [true, typeof message === 'string' ? 1 : 2]);
    assert.ok(data.equals(asBytes(message)));
  }
});

test('with server_no_context_takeover no message refers to one before it', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL });
  const client = await DeflateWebSocket.open(t, server.port, 'permessage-deflate; server_no_context_takeover');
  const { channel } = await server.next();
  const message = 'the same words again and again. '.repeat(40);
  for (let i = 0; i < 5; i++) {
    channel.send(message);
    const found = readDeflate((await client.raw.readFrame()).payload);
    assert.equal(found.text.toString(), message);
  }
});

test('with server_max_window_bits=8 and takeover no match refers back more than 256 bytes', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL });
  const client = await DeflateWebSocket.open(t, server.port, 'permessage-deflate; server_max_window_bits=8');
  assert.equal(client.agreed, 'permessage-deflate; server_max_window_bits=8');
  const { channel } = await server.next();
  let before = Buffer.alloc(0);
  for (const message of makeMessages(2)) {
    channel.send(message);
    const found = readDeflate((await client.raw.readFrame()).payload, before);
    assert.ok(found.text.equals(asBytes(message)));
    assert.ok(found.maxDistance <= 256, `a match refers back ${found.maxDistance} bytes`);
    before = Buffer.concat([before, found.text]).subarray(-32_768);
  }
});

for (const bits of [8, 9, 10, 11, 12, 13, 14, 15]) {
  test(`understands a client of client_max_window_bits=${bits} that takes its context over${bits === 8 ? ', and with zlib uses 9' : ''}`, async (t) => {
    const server = await startChannelServer(t, { perMessageDeflate: ALL });
    const client = await DeflateWebSocket.open(t, server.port, `permessage-deflate; client_max_window_bits=${bits}`);
    assert.equal(client.agreed, bits === 15 ? 'permessage-deflate' : `permessage-deflate; client_max_window_bits=${bits}`);
    const messages = makeMessages(bits);
    for (const message of messages) await client.send(message);
    const received = await (await server.next()).received(messages.length);
    received.forEach((each, i) => assert.deepEqual(each, messages[i]));
  });
}

const SERVERS: readonly PerMessageDeflate[] = [ALL, { threshold: 0 }, { threshold: 100, contextTakeover: true, windowBits: 9, level: 9, memLevel: 1 }, { threshold: 0, contextTakeover: true, windowBits: 8 }];
const CLIENTS: readonly PerMessageDeflateOptions[] = [
  {},
  { serverNoContextTakeover: true },
  { clientNoContextTakeover: true },
  { serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
  { serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
  { serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
];

for (const deflate of SERVERS) {
  for (const options of CLIENTS) {
    test(`the ws client with ${JSON.stringify(options)} gets every message back that it sends where ${JSON.stringify(deflate)} is wished for`, async (t) => {
      const { wsUrl } = await startServer(t, (request) => asChannel(request, { onReceive: (channel, each) => channel.send(each) }), { perMessageDeflate: deflate });
      const clientOptions: ClientOptions = { perMessageDeflate: { threshold: 0, ...options } };
      const client = new WebSocket(wsUrl, clientOptions);
      t.after(() => client.terminate());
      await once(client, 'open');
      assert.match(client.extensions, /^permessage-deflate/);
      const messages = makeMessages(3);
      const received: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
      const all = new Promise<void>((resolve, reject) => {
        client.on('message', (data, isBinary) => {
          if (received.push({ data: data as Buffer, isBinary }) === messages.length) resolve();
        });
        client.on('close', (code, reason) => reject(new Error(`closed with ${code} ${reason.toString()}`)));
      });
      for (const message of messages) client.send(message);
      await all;
      messages.forEach((message, i) => {
        assert.equal(received[i]!.isBinary, typeof message !== 'string');
        assert.ok(received[i]!.data.equals(asBytes(message)), `message ${i}`);
      });
    });
  }
}

test('sends as it is what is short, or must not be compressed', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: { threshold: 100, contextTakeover: true } });
  const client = await DeflateWebSocket.open(t, server.port);
  const { channel } = await server.next();
  const store = new MemoryChannelStore();
  store.addToGroup('all', channel);
  const long = 'x'.repeat(100);
  const sent: readonly (readonly [send: () => unknown, isCompressed: boolean])[] = [
    [() => channel.send('x'.repeat(99)), false],
    [() => channel.send('€'.repeat(33)), false],
    [() => channel.send('€'.repeat(34)), true],
    [() => channel.send(long), true],
    [() => channel.send(long, false, { compress: false }), false],
    [() => channel.send(Buffer.from(long), false, { compress: false }), false],
    [() => channel.send(long, false, { compress: true }), true],
    [() => channel.send('short', false, { compress: true }), false],
    [() => store.broadcast('all', long), true],
    [() => store.broadcast('all', long, { compress: false }), false],
    [() => store.broadcast('all', () => long, { compress: false }), false],
    [() => store.broadcast('all', () => long), true],
    [() => channel.send(long, true, { compress: false }), false],
  ];
  for (const [i, [send, isCompressed]] of sent.entries()) {
    send();
    const message = await client.read();
    assert.equal(message.isCompressed, isCompressed, `message ${i}`);
    assert.match(message.data.toString(), /^(x+|€+|short)$/);
  }
  assert.deepEqual(await client.raw.readClose(), { code: 1000, reason: '' });
});

test('what is sent as it is does not enter the context of either side', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL });
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  const words = Array.from({ length: 6 }, () => randomBytes(300).toString('base64'));
  for (let i = 0; i < 12; i++) {
    const word = words[i % 6]!;
    taken.channel.send(word, false, { compress: i % 3 !== 1 });
    assert.equal(await client.readText(), word);
    await client.raw.send(i % 3 === 2 ? text(word) : client.frame(word));
  }
  assert.deepEqual(await taken.received(12), [...words, ...words]);
});

test('a client that offers nothing, or what is declined, is sent everything as it is', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL });
  for (const offer of ['', 'permessage-deflate; unknown']) {
    const client = await DeflateWebSocket.open(t, server.port, offer);
    const { channel } = await server.next();
    channel.send('x'.repeat(20_000));
    channel.send('behind');
    assert.deepEqual(await client.raw.readFrame(), { fin: true, rsv: 0, opcode: 1, payload: Buffer.alloc(20_000, 'x') });
    assert.equal(await client.readText(), 'behind');
  }
  assert.deepEqual(server.server.stats().compression, { webSockets: 0, contextBytes: 0 });
});

test('a message is one frame, however large, and never larger than its header says', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL, maxBufferedBytes: 8 * 1024 * 1024 });
  const client = await DeflateWebSocket.open(t, server.port, OFFER);
  const { channel } = await server.next();
  const bytes = Uint8Array.from(randomBytes(3_000_000));
  channel.send(bytes);
  channel.send('behind');
  assert.ok((await client.read()).data.equals(bytes));
  assert.equal(await client.readText(), 'behind');
});

test('random bytes of exactly maxMessageBytes are taken though they are longer compressed, and one more is refused', async (t) => {
  const errors: string[] = [];
  const server = await startChannelServer(t, { perMessageDeflate: ALL, maxMessageBytes: 50_000, onClientError: (error) => errors.push(error.code) });
  const client = await DeflateWebSocket.open(t, server.port);
  const message = Uint8Array.from(randomBytes(50_000));
  const frame = client.frame(message);
  assert.ok(frame.length > 50_010);
  await client.raw.send(frame);
  assert.deepEqual(await (await server.next()).received(1), [message]);
  await client.send(randomBytes(50_001));
  assert.deepEqual(await client.raw.readClose(), { code: 1009, reason: 'the message is too big' });
  assert.deepEqual(errors, ['WS_MESSAGE_TOO_BIG']);
});

test('compressed messages in many fragments are put together before they are inflated', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL });
  const raw = await RawWebSocket.open(t, server.port, '/', 'Sec-WebSocket-Extensions: permessage-deflate\r\n');
  const client = await DeflateWebSocket.open(t, server.port);
  const message = randomBytes(20_000).toString('hex');
  const payload = unmask(client.frame(message));
  const frames = Array.from({ length: payload.length }, (_, i) => clientFrame({ opcode: i === 0 ? 1 : 0, rsv: i === 0 ? 4 : 0, fin: i === payload.length - 1, payload: payload.subarray(i, i + 1) }));
  await raw.send(Buffer.concat(frames));
  assert.deepEqual(await (await server.next()).received(1), [message]);
});

/** The payload of a client's frame whose length is in 16 bits. */
function unmask(frame: Buffer): Buffer {
  assert.equal(frame[1], 0x80 | 126);
  return frame.subarray(8).map((byte, i) => byte ^ frame[4 + (i % 4)]!) as Buffer;
}

test('stats tell how many WebSockets compress, and what they keep, until they are gone', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: ALL });
  const compression = (): unknown => server.server.stats().compression;
  assert.deepEqual(compression(), { webSockets: 0, contextBytes: 0 });
  const client = await DeflateWebSocket.open(t, server.port);
  const other = await DeflateWebSocket.open(t, server.port, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover');
  const [taken, takenOther] = [await server.next(), await server.next()];
  assert.deepEqual(compression(), { webSockets: 2, contextBytes: 0 });
  taken.channel.send('x'.repeat(1000));
  takenOther.channel.send('x'.repeat(1000));
  assert.deepEqual(compression(), { webSockets: 2, contextBytes: 1000 });
  await client.send('y'.repeat(500));
  await other.send('y'.repeat(500));
  await Promise.all([taken.received(1), takenOther.received(1)]);
  assert.deepEqual(compression(), { webSockets: 2, contextBytes: 1500 });
  taken.channel.send('x'.repeat(100_000));
  await client.read();
  await client.read();
  assert.deepEqual(compression(), { webSockets: 2, contextBytes: 32_768 + 500 });
  client.raw.client.socket.destroy();
  await taken.closed();
  assert.deepEqual(compression(), { webSockets: 1, contextBytes: 0 });
  takenOther.channel.close();
  assert.equal((await other.read()).data.length, 1000);
  await other.raw.send(clientFrame({ opcode: 8, payload: Buffer.from([3, 232]) }));
  await takenOther.closed();
  await other.raw.client.readToEnd();
  other.raw.client.end();
  await other.raw.client.closed();
  assert.deepEqual(compression(), { webSockets: 0, contextBytes: 0 });
});
