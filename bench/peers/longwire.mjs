/** Longwire, as it was built: every application of the benchmark. */

import { readFileSync } from 'node:fs';
import { asChannel, MemoryChannelStore, runServer } from '../../dist/index.js';
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
serve(server.port, `longwire ${version}`);
