/** Longwire, as it was built: every application of the benchmark. */

import { readFileSync } from 'node:fs';
import { asChannel, asEventStream, MemoryChannelStore, runServer, scheduleTask } from '../../dist/index.js';
import { BROADCAST_TEXT, DOWNLOAD_CHUNK, DOWNLOAD_CHUNKS, HELLO, HOST, messagesAsked, Polls, serve, TASK } from './control.mjs';

const NO_LIMIT_MS = 3_600_000;
const MIB = 1024 ** 2;

const polls = new Polls();
const store = new MemoryChannelStore(TASK.redis === undefined ? {} : await overRedis());
/** Who idles: their channels, and with them their requests, can be reached. */
const idle = new Set();

function* download() {
  for (let i = 0; i < DOWNLOAD_CHUNKS; i++) yield DOWNLOAD_CHUNK;
}

/** One after the other, with a pause: a stream that lasts. */
async function* slowly() {
  for (let i = 0; i < 20; i++) {
    yield `piece ${i}\n`;
    await new Promise((resolve) => scheduleTask(20, resolve));
  }
}

/** All there is, by path: what the soak asks for. */
function everything(request) {
  switch (request.path) {
    case '/post':
      return request.bytes().then((body) => ({ body }));
    case '/download':
      return { body: download() };
    case '/slow':
      return { body: slowly() };
    case '/poll':
      return asChannel(request, {
        onOpen(channel) {
          const cancel = scheduleTask(100, () => channel.send(HELLO));
          channel.onClose(cancel);
        },
      });
    case '/group':
      return asChannel(request, {
        init: (channel) => store.addToGroup('all', channel),
        onReceive: (channel, message) => void (message === 'all' ? store.broadcast('all', BROADCAST_TEXT) : channel.send(message)),
      });
    default:
      return HELLO;
  }
}

/** A group of members of every kind, by path; `/ask` sends messages to all once there are `TASK.waiting` of them. */
function group(request) {
  const join = (channel) => {
    store.addToGroup('all', channel);
    full();
  };
  switch (request.path) {
    case '/ask':
      return whenFull(() => {
        for (let i = messagesAsked(request.url); i > 0; i--) store.broadcast('all', BROADCAST_TEXT);
        return HELLO;
      });
    case '/event-stream':
      return asEventStream(request, { init: join });
    case '/stream':
      // The empty piece sends the head, and makes a stream of it.
      return asChannel(request, { init: join, onOpen: (channel) => channel.send('', false) });
    default:
      return asChannel(request, { init: join });
  }
}

let full = () => undefined;

/** Members of other processes are not waited for: `TASK.waiting` is then 0. */
function whenFull(act) {
  if (store.size('all') >= TASK.waiting) return act();
  return new Promise((resolve) => {
    full = () => {
      if (store.size('all') < TASK.waiting) return;
      full = () => undefined;
      resolve(act());
    };
  });
}

/** A store that reaches other processes over Redis. The group is subscribed before anybody joins it: a message that came first would be lost. */
async function overRedis() {
  const { createClient } = await import('redis');
  const { RedisBus } = await import('../../dist/adapters/redis.js');
  const bus = new RedisBus(await createClient({ url: TASK.redis }).connect());
  const history = TASK.hasHistory ? { maxMessages: 1000, maxAgeMs: 60_000, maxBytes: MIB } : undefined;
  await bus.subscribe('all', { message: () => undefined, lost: console.error, restored: () => undefined }, history);
  return { bus, ...(history === undefined ? {} : { history }) };
}

const echo = (request) => asChannel(request, { onReceive: (channel, message) => void channel.send(message) });

/** By application: the handler, and what differs from the defaults. */
const APPLICATIONS = {
  'hello': [() => HELLO],
  'hello-async': [async () => HELLO],
  'post': [async (request) => ({ body: await request.bytes() })],
  'download': [() => ({ body: download() })],
  'poll': [(request) => asChannel(request, { onOpen: (channel) => polls.add(() => channel.send(HELLO)) })],
  'echo': [echo],
  // As `ws` has it: nothing that a client sends at once is too much to answer.
  'echo-large': [echo, { maxBufferedBytes: 64 * MIB }],
  'echo-compressed': [echo, { perMessageDeflate: true }],
  'broadcast': [
    (request) =>
      asChannel(request, {
        init: (channel) => store.addToGroup('all', channel),
        onReceive: (_channel, count) => {
          for (let i = Number(count); i > 0; i--) store.broadcast('all', BROADCAST_TEXT);
        },
      }),
  ],
  // Nothing is to come to members but messages.
  'group': [group, { pingIntervalMs: 0, heartbeatIntervalMs: 0 }],
  'soak': [everything, { perMessageDeflate: true }],
  'idle': [() => HELLO, { headTimeoutMs: NO_LIMIT_MS, keepAliveTimeoutMs: NO_LIMIT_MS }],
  'idle-websocket': [
    (request) =>
      asChannel(request, {
        onOpen: (channel) => idle.add(channel),
        onReceive: (channel, message) => void channel.send(message),
        onClose: () => undefined,
      }),
    { pingIntervalMs: 0 },
  ],
};

const [handler, options] = APPLICATIONS[TASK.application];
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const server = await runServer(handler, { host: HOST, port: 0, backlog: 4096, ...options });
const trimmed = process.env.MALLOC_TRIM_THRESHOLD_ === undefined ? '' : `, MALLOC_TRIM_THRESHOLD_=${process.env.MALLOC_TRIM_THRESHOLD_}`;
serve(server.port, `longwire ${version}${trimmed}`, { stats: () => server.stats() });
