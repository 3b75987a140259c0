/** The files of the page: a fixed table, read once. What is not in the table does not exist, so no path can lead elsewhere. */

import { readdir, readFile } from 'node:fs/promises';
import type { HttpRequest, HttpResponse } from 'longwire';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const SVG = 'image/svg+xml';

/** By path: the type, and the name where it is another. */
const FILES: Readonly<Record<string, readonly [type: string, name?: string]>> = {
  '/': [HTML, 'index.html'],
  '/style.css': [CSS],
  '/app.js': [SCRIPT],
  '/conversation.js': [SCRIPT],
  '/dashboard.js': [SCRIPT],
  '/page.js': [SCRIPT],
  '/tape.js': [SCRIPT],
  '/wires.js': [SCRIPT],
  '/icon.svg': [SVG],
};

/** Relative to the compiled file, `build/demo/files.js`. */
const FOLDER = new URL('../../demo/public/', import.meta.url);
const CLIENT = new URL('../../dist/client/', import.meta.url);

/** The page goes on at another server of the same machine when its own is gone. */
const SERVERS = "'self' http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*";
const COMMON = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ${SERVERS}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Reads the files, those of `longwire/client` too, and gives the handler that serves them; a file that is missing shows at the start. */
export async function loadFiles(): Promise<(request: HttpRequest) => HttpResponse> {
  const responses = new Map<string, HttpResponse>();
  const add = async (path: string, type: string, file: URL): Promise<void> => {
    responses.set(path, { headers: { ...COMMON, 'Content-Type': type }, body: await readFile(file) });
  };
  for (const [path, [type, name = path.slice(1)]] of Object.entries(FILES)) await add(path, type, new URL(name, FOLDER));
  for (const name of await readdir(CLIENT)) {
    if (name.endsWith('.js')) await add(`/longwire/${name}`, SCRIPT, new URL(name, CLIENT));
  }
  return ({ method, path }) => {
    const response = responses.get(path);
    if (response === undefined) return plain(404, 'There is nothing here.');
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'This can only be read.', { Allow: 'GET, HEAD' });
    return response;
  };
}

export function plain(status: number, text: string, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: `${text}\n` };
}
