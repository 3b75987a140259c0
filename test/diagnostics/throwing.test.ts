/** A listener that throws is its own program's affair: Node raises it as an uncaught exception, and the server goes on as if nothing was. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ROOT } from '../support/documents.js';
import { EVENT_NAMES } from '../support/listener.js';

/** A program whose every listener throws, and which does something of everything; prints what became of it. */
const PROGRAM = `
  import { AsyncLocalStorage } from 'node:async_hooks';
  import { channel, subscribe } from 'node:diagnostics_channel';
  import { once } from 'node:events';
  import { connect } from 'node:net';
  import { asChannel, runServer } from 'longwire';
  import { WebSocket } from 'ws';

  const uncaught = new Set();
  process.on('uncaughtException', (error) => uncaught.add(error.message));
  for (const name of ${JSON.stringify(EVENT_NAMES)}) subscribe(name, () => { throw new Error(name); });
  channel('longwire.request').bindStore(new AsyncLocalStorage(), () => { throw new Error('bindStore'); });

  const errors = [];
  const server = await runServer((request) => {
    if (request.path === '/throw') throw new Error('of the handler');
    if (request.path === '/channel') return asChannel(request, { onOpen: (channel) => { if (!channel.isWebSocket) channel.send('sent'); }, onReceive: (channel, message) => channel.send(message) });
    return 'returned';
  }, { host: '127.0.0.1', port: 0, onError: (error) => errors.push(error.message) });

  const texts = [];
  for (const path of ['/', '/throw', '/channel', '/']) texts.push(await (await fetch(server.url + path)).text());
  const socket = new WebSocket(server.url.replace('http', 'ws') + '/channel');
  await once(socket, 'open');
  socket.send('echoed');
  texts.push(String((await once(socket, 'message'))[0]));
  socket.close(1000);
  texts.push((await once(socket, 'close'))[0]);
  const raw = connect(server.port, '127.0.0.1', () => raw.end('garbage\\r\\n\\r\\n'));
  raw.setEncoding('latin1');
  texts.push(String((await once(raw, 'data'))[0]).split('\\r')[0]);
  raw.resume();
  const { closed, destroyed } = await server.stop();
  const { requests, responses, channels, webSockets, connections } = server.stats();
  console.log(JSON.stringify({ texts, errors, uncaught: [...uncaught].sort(), destroyed, requests, responses, open: [channels.open, webSockets.open, connections.open] }));
`;

test('goes on when every listener throws, and every exception is raised', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], { cwd: ROOT, encoding: 'utf8', timeout: 60_000 });
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), {
    texts: ['returned', 'Internal Server Error', 'sent', 'returned', 'echoed', 1000, 'HTTP/1.1 400 Bad Request'],
    errors: ['of the handler'],
    uncaught: ['bindStore', ...EVENT_NAMES].sort(),
    destroyed: 0,
    requests: 5,
    responses: { '1xx': 1, '2xx': 3, '3xx': 0, '4xx': 1, '5xx': 1 },
    open: [0, 0, 0],
  });
});
