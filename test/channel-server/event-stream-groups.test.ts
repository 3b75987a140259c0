/** Event streams in groups, beside members of every other kind: one broadcast, and each gets it in its own form. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asChannel, asEventStream, type Channel, MemoryChannelStore, type Outgoing, type ServerOptions } from 'longwire';
import { get } from '../support/channels.js';
import { handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/signals.js';

interface Scene extends TestServer {
  readonly store: MemoryChannelStore;
  /** Joins the group, and waits until its head is there, if it has one. */
  join(bytes: string, hasHead?: boolean): Promise<RawClient>;
}

/** A server whose every channel is in the group `all`: an event stream at /events, a stream at /stream, a poll at /poll. */
async function begin(t: TestContext, options: ServerOptions = {}): Promise<Scene> {
  const store = new MemoryChannelStore();
  const init = (channel: Channel): void => store.addToGroup('all', channel);
  const server = await startServer(
    t,
    (request) => {
      if (request.path === '/events') return asEventStream(request, { init });
      return asChannel(request, { init, onOpen: (channel) => void (request.path === '/stream' && channel.send('', false)) });
    },
    options,
  );
  const join = async (bytes: string, hasHead = true): Promise<RawClient> => {
    const client = await RawClient.open(t, server.port);
    const size = store.size('all');
    await client.send(bytes);
    await until(() => store.size('all') === size + 1, 'the member');
    if (hasHead) await client.readUntil('\r\n\r\n');
    return client;
  };
  return { ...server, store, join };
}

const MESSAGES: readonly { readonly name: string; readonly message: Outgoing; readonly event: string; readonly frame: string; readonly data: string }[] = [
  { name: 'text', message: 'two\nlines', event: 'data: two\ndata: lines\n\n', frame: '\x81\x09two\nlines', data: 'two\nlines' },
  { name: 'text beyond ASCII', message: 'grüße', event: 'data: gr\xc3\xbc\xc3\x9fe\n\n', frame: '\x81\x07gr\xc3\xbc\xc3\x9fe', data: 'gr\xc3\xbc\xc3\x9fe' },
  { name: 'bytes', message: Uint8Array.of(1, 2, 255), event: 'event: binary\nencoding: base64\ndata: AQL/\n\n', frame: '\x82\x03\x01\x02\xff', data: '\x01\x02\xff' },
  { name: 'a response', message: { status: 200, body: 'body' }, event: 'data: body\n\n', frame: '\x81\x04body', data: 'body' },
  { name: 'an event', message: { event: 'news', id: '7-1', data: 'ü' }, event: 'event: news\nid: 7-1\ndata: \xc3\xbc\n\n', frame: '\x81\x02\xc3\xbc', data: '\xc3\xbc' },
  { name: 'an event of bytes', message: { event: 'picture', data: Uint8Array.of(255) }, event: 'event: picture\nencoding: base64\ndata: /w==\n\n', frame: '\x82\x01\xff', data: '\xff' },
];

const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;

for (const { name, message, event, frame, data } of MESSAGES) {
  test(`a broadcast of ${name} is an event to event streams, and to each other member what it can take`, async (t) => {
    const { store, join } = await begin(t);
    const events = [await join(get('/events')), await join(get('/events'))];
    const old = await join('GET /events HTTP/1.0\r\n\r\n');
    const socket = await join(handshake());
    const stream = await join(get('/stream'));
    const poll = await join(get('/poll'), false);
    assert.equal(store.broadcast('all', message), 6);
    assert.equal((await poll.readResponse()).body, data);
    assert.equal(store.broadcast('all', 'end'), 5, 'all but the poll have stayed');
    for (const client of events) assert.equal(await client.readUntil('end\n\n\r\n'), chunk(event) + chunk('data: end\n\n'));
    assert.equal(await old.readUntil('end\n\n'), `${event}data: end\n\n`);
    assert.equal(await socket.readUntil('end'), `${frame}\x81\x03end`);
    assert.equal(await stream.readUntil('end\r\n'), chunk(data) + chunk('end'));
  });
}

for (const onOverflow of ['close', 'drop'] as const) {
  test(`of twenty-one event streams, one that reads nothing costs the others nothing (onOverflow ${onOverflow})`, async (t) => {
    const { server, store, join } = await begin(t, { onOverflow });
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(t, server.port)));
    for (const client of clients) await client.send(get('/events'));
    await until(() => store.size('all') === 20, 'twenty members');
    const stalled = await join(get('/events'));
    stalled.socket.pause();
    const piece = 'x'.repeat(64 * 1024);
    let rounds = 0;
    for (let accepted = 21; accepted === 21; rounds++) {
      assert.ok(rounds < 1_000, 'the stalled member was never refused');
      accepted = store.broadcast('all', { id: `${rounds}`, data: piece });
      for (const client of clients) await client.readUntil(`id: ${rounds}\ndata: ${piece}\n\n\r\n`);
    }
    assert.equal(store.size('all'), onOverflow === 'drop' ? 21 : 20);
    assert.ok(server.stats().bytes.buffered < 2 * 1024 * 1024, `${server.stats().bytes.buffered} bytes wait`);
    assert.equal(store.broadcast('all', 'to the healthy'), 20);
    for (const client of clients) await client.readUntil('data: to the healthy\n\n\r\n');
  });
}
