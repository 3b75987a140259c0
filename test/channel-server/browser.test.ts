/** WebSockets as a real browser speaks them: headless Chromium, with and without compression, and from pages of other origins. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { asChannel, type Channel, type CloseDetail, type HandshakeError, type Message, type ServerOptions } from 'longwire';
import { hasBrowser, openPage } from '../support/browser.js';
import { until } from '../support/deferred.js';
import { startServer, type TestServer } from '../support/server.js';

const VIEWPORT = { width: 400, height: 300 };
const MIB = 1024 * 1024;

/** What the page can do: it opens one WebSocket, and tells all that it hears of it. */
const SCRIPT = `
  const show = async (data) => {
    if (typeof data === 'string') return { text: data };
    const bytes = new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data);
    return { kind: data.constructor.name, length: bytes.length, sum: bytes.reduce((sum, byte) => (sum * 31 + byte) % 65521, 7), first: [...bytes.subarray(0, 8)] };
  };
  const pattern = (length) => Uint8Array.from({ length }, (_, i) => (i * i) % 251);
  const open = (url, protocols = []) => new Promise((resolve) => {
    const socket = window.socket = new WebSocket(url, protocols);
    window.heard = [];
    window.ending = new Promise((tell) => { socket.onclose = ({ code, reason, wasClean }) => { tell({ code, reason, wasClean }); resolve('closed'); }; });
    socket.onopen = () => resolve('open');
    socket.onmessage = ({ data }) => { window.heard.push(data); window.wake?.(); };
  });
  const next = async () => {
    while (window.heard.length === 0) await new Promise((resolve) => { window.wake = resolve; });
    return show(window.heard.shift());
  };
`;
const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>WebSocket</title><script>${SCRIPT}</script>`;

interface Scene extends TestServer {
  readonly page: Page;
  readonly channels: Channel[];
  readonly received: Message[];
  readonly closings: CloseDetail[];
  readonly refusals: HandshakeError[];
  /** What the page gives for an expression. */
  run<T>(expression: string): Promise<T>;
}

/** A server that echoes, and a page of it; nothing where there is no browser. */
async function begin(t: TestContext, options: ServerOptions = {}, pageOf?: TestServer): Promise<Scene | undefined> {
  if (!hasBrowser(t)) return undefined;
  const channels: Channel[] = [];
  const received: Message[] = [];
  const closings: CloseDetail[] = [];
  const refusals: HandshakeError[] = [];
  const server = await startServer(
    t,
    (request) => {
      if (!request.isWebSocketUpgrade) return { headers: { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': 'session=1; Path=/' }, body: PAGE };
      return asChannel(request, {
        protocols: ['chat.v2', 'chat.v1'],
        onOpen: (channel) => void channels.push(channel),
        onReceive: (channel, message) => {
          received.push(message);
          channel.send(message);
        },
        onClose: (_channel, _status, detail) => void closings.push(detail),
        onHandshakeError: (error) => void refusals.push(error),
      });
    },
    options,
  );
  const { page } = await openPage(t, `${(pageOf ?? server).url}/`, VIEWPORT);
  return { ...server, page, channels, received, closings, refusals, run: (expression) => page.evaluate(expression) };
}

const COMPRESSIONS: readonly (readonly [name: string, options: ServerOptions])[] = [
  ['without compression', {}],
  ['compressed', { perMessageDeflate: { threshold: 0 } }],
  ['compressed with a context taken over', { perMessageDeflate: { threshold: 0, contextTakeover: true } }],
  ['compressed in a small window', { perMessageDeflate: { threshold: 0, contextTakeover: true, windowBits: 9 } }],
];

for (const [name, options] of COMPRESSIONS) {
  test(`${name}: text, Blobs and ArrayBuffers, of nothing to 1 MiB, go there and back`, async (t) => {
    const scene = await begin(t, { ...options, maxMessageBytes: MIB });
    if (scene === undefined) return;
    assert.equal(await scene.run(`open('${scene.wsUrl}')`), 'open');
    const isCompressed = 'perMessageDeflate' in options;
    const extensions = await scene.run<string>('socket.extensions');
    assert.equal(extensions.startsWith('permessage-deflate'), isCompressed, `«${extensions}»`);
    assert.equal(scene.server.stats().compression.webSockets, isCompressed ? 1 : 0);

    for (const text of ['', 'a', 'hello, hello, hello', 'ß€😀 \\u0000', 'x'.repeat(126), '€'.repeat(30_000)]) {
      await scene.run(`socket.send('${text}')`);
      assert.deepEqual(await scene.run('next()'), await scene.run(`show('${text}')`));
    }
    for (const [sent, type, shown] of [['pattern(5)', 'blob', 'Blob'], ['new Blob([pattern(70000)])', 'arraybuffer', 'ArrayBuffer'], ['new ArrayBuffer(0)', 'blob', 'Blob']] as const) {
      await scene.run(`socket.binaryType = '${type}', socket.send(${sent})`);
      const back: { readonly kind: string } = await scene.run('next()');
      assert.equal(back.kind, shown);
      assert.deepEqual(back, { ...(await scene.run<object>(`show(${sent})`)), kind: shown });
    }

    await scene.run(`socket.send(pattern(${MIB})), socket.send('😀'.repeat(${MIB / 4}))`);
    assert.deepEqual(await scene.run('next()'), { ...(await scene.run<object>(`show(pattern(${MIB}))`)), kind: 'Blob' });
    assert.deepEqual(await scene.run(`next().then(({ text }) => text === '😀'.repeat(${MIB / 4}))`), true);
    assert.equal(scene.received.length, 11);
    const takesOver = typeof options.perMessageDeflate === 'object' && options.perMessageDeflate.contextTakeover === true;
    assert.equal(scene.server.stats().compression.contextBytes > 0, takesOver);

    await scene.run(`socket.send(pattern(${MIB + 1}))`);
    assert.deepEqual(await scene.run('ending'), { code: 1009, reason: 'the message is too big', wasClean: true });
    await until(() => scene.closings.length === 1, 'onClose');
    assert.equal(scene.closings[0]!.code, 1009);
    assert.deepEqual(scene.errors, []);
  });
}

test('the subprotocol that the server prefers among those offered', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  assert.equal(await scene.run(`open('${scene.wsUrl}', ['other', 'chat.v1', 'chat.v2'])`), 'open');
  assert.equal(await scene.run('socket.protocol'), 'chat.v2');
  assert.equal(scene.channels[0]!.protocol, 'chat.v2');
});

for (const [call, code, reason] of [['close()', 1005, ''], ["close(1000, 'enough')", 1000, 'enough'], ["close(4321, 'später 😀')", 4321, 'später 😀']] as const) {
  test(`the page's ${call} is heard as ${code}, and answered`, async (t) => {
    const scene = await begin(t);
    if (scene === undefined) return;
    await scene.run(`open('${scene.wsUrl}')`);
    await scene.run(`socket.${call}`);
    assert.deepEqual(await scene.run('ending'), { code, reason: '', wasClean: true }, 'the answer has the code (RFC 6455 §5.5.1)');
    await until(() => scene.closings.length === 1, 'onClose');
    assert.deepEqual(scene.closings[0], { code, reason, by: 'client', clean: true });
  });
}

for (const [code, reason] of [[1000, ''], [1001, 'going'], [1013, 'later'], [4999, 'x'.repeat(123)]] as const) {
  test(`the server's close(${code}) is heard by the page, and answered`, async (t) => {
    const scene = await begin(t);
    if (scene === undefined) return;
    await scene.run(`open('${scene.wsUrl}')`);
    scene.channels[0]!.close(code, reason);
    assert.deepEqual(await scene.run('ending'), { code, reason, wasClean: true });
    await until(() => scene.closings.length === 1, 'onClose');
    assert.deepEqual(scene.closings[0], { code, reason, by: 'server', clean: true });
  });
}

test('a page that is left tells 1001, and one whose server stops hears it', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  await scene.run(`open('${scene.wsUrl}')`);
  await scene.page.reload();
  await until(() => scene.closings.length === 1, 'onClose');
  assert.equal(scene.closings[0]!.code, 1001);
  await scene.run(`open('${scene.wsUrl}')`);
  const stopped = scene.server.stop();
  assert.deepEqual(await scene.run('ending'), { code: 1001, reason: '', wasClean: true });
  await stopped;
});

const REFUSED = { code: 1006, reason: '', wasClean: false };

/** Another port is another origin, and has the same cookies. */
const POLICIES: readonly { readonly name: string; readonly options: (page: TestServer) => ServerOptions; readonly status: 101 | 403 }[] = [
  { name: 'by default', options: () => ({}), status: 403 },
  { name: 'where it is on the list', options: ({ url }) => ({ allowedOrigins: [url] }), status: 101 },
  { name: 'where only others are on the list', options: ({ port }) => ({ allowedOrigins: [`http://127.0.0.1:${port + 1}`, 'https://example.org'] }), status: 403 },
  { name: 'where a function allows it', options: ({ url }) => ({ allowedOrigins: (origin) => origin === url }), status: 101 },
  { name: 'where all may', options: () => ({ allowedOrigins: '*' }), status: 101 },
];

for (const { name, options, status } of POLICIES) {
  test(`a page of another port, with the same cookies, is ${status === 101 ? 'let in' : 'refused'} ${name}`, async (t) => {
    if (!hasBrowser(t)) return;
    const other = await startServer(t, () => ({ headers: { 'Content-Type': 'text/html', 'Set-Cookie': 'session=1; Path=/' }, body: PAGE }));
    const scene = (await begin(t, options(other), other))!;
    assert.equal(await scene.run(`open('${scene.wsUrl}')`), status === 101 ? 'open' : 'closed');
    assert.deepEqual(scene.refusals.map((refusal) => refusal.status), status === 101 ? [] : [403]);
    if (status === 403) assert.deepEqual(await scene.run('ending'), REFUSED);
    else assert.match(scene.channels[0]!.request.header('cookie')!, /session=1/);
    assert.deepEqual(scene.errors, []);
  });
}

test('a page of the server itself, with its cookies, is let in, and one in a sandbox has neither cookies nor an origin', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  assert.equal(await scene.run(`open('${scene.wsUrl}')`), 'open');
  assert.match(scene.channels[0]!.request.header('cookie')!, /session=1/);
  assert.equal(scene.channels[0]!.request.header('origin'), scene.url);

  const inSandbox = `new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    frame.srcdoc = '<script>const s = new WebSocket("${scene.wsUrl}"); s.onopen = () => parent.postMessage("open", "*"); s.onclose = () => parent.postMessage("closed", "*");</' + 'script>';
    window.onmessage = ({ data }) => resolve(data);
    document.body.append(frame);
  })`;
  assert.equal(await scene.run(inSandbox), 'open', 'without cookies it may');
  assert.equal(scene.channels[1]!.request.header('origin'), 'null');
  assert.equal(scene.channels[1]!.request.header('cookie'), undefined);
});
