/**
 * A handler's module for tests: it does to its worker what the path says. The query of its URL says what the module itself does: it
 * `throws` or `exits`, always or if there is a certain file; it has `no-handler` or `bad-options`; it chooses the certificate of a folder
 * by name, `sni`; and it writes a file when it has `stopped`, and perhaps fails `badly` then.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { asChannel, type Handler, type HandlerResult, type HttpRequest, type ServerOptions } from 'longwire';
import { block } from './block.js';

const flags = new URL(import.meta.url).searchParams;
if (is('throws')) throw new RangeError('the module is broken');
if (is('exits')) process.exit(7);

/** Whether a flag is set: alone, or with the name of a file that is there. */
function is(name: string): boolean {
  const value = flags.get(name);
  return value === '' || (value !== null && existsSync(value));
}

const PATHS: Record<string, (argument: string, request: HttpRequest) => HandlerResult | Promise<HandlerResult>> = {
  pid: () => String(process.pid),
  arguments: () => JSON.stringify(process.argv.slice(2)),
  body: (_argument, request) => request.text(),
  exit: (code) => process.exit(Number(code)),
  throw: () => new Promise(() => setImmediate(() => assert.fail('on purpose'))),
  block,
  wait: () => new Promise(() => {}),
};

const handler: Handler = (request) => {
  if (request.isWebSocketUpgrade) return asChannel(request, { onReceive: (channel, message) => channel.send(message) });
  const [, name = '', argument = ''] = /^\/(\w*)\/?(.*)$/.exec(request.path) ?? [];
  return PATHS[name === '' ? 'pid' : name]!(argument, request);
};

export default is('no-handler') ? 'no handler' : handler;

function ownOptions(): ServerOptions {
  if (is('bad-options')) return { prot: 80 } as ServerOptions;
  const folder = flags.get('sni');
  if (folder === null) return { serverHeader: 'of the module', maxBodyBytes: 10 };
  const own = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
  return { tls: { SNICallback: (_name, done) => done(null, createSecureContext(own)) } };
}

export const options = ownOptions();

export async function onStopped(): Promise<void> {
  const file = flags.get('stopped');
  if (file === null) return;
  await delay(1);
  writeFileSync(`${file}.${process.pid}`, '');
  if (is('badly')) throw new Error('could not end well');
}
