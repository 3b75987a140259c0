/** Longwire, as it was built: every application of the benchmark. */

import { readFileSync } from 'node:fs';
import { asChannel, MemoryChannelStore, runServer, scheduleTask } from '../../dist/index.js';
import { BROADCAST_TEXT, DOWNLOAD_CHUNK, DOWNLOAD_CHUNKS, HELLO, HOST, Polls, serve, TASK } from './control.mjs';

const NO_LIMIT_MS = 3_600_000;
const MIB = 1024 ** 2;

const polls = new Polls();
const store = new MemoryChannelStore();
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
serve(server.port, `longwire ${version}`, { stats: () => server.stats() });
