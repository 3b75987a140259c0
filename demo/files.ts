/** The files of the page: a fixed table, read once. What is not in the table does not exist, so no path can lead elsewhere. */

import { readFile } from 'node:fs/promises';
import type { HttpRequest, HttpResponse } from 'longwire';

const FILES = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/style.css': { name: 'style.css', type: 'text/css; charset=utf-8' },
  '/app.js': { name: 'app.js', type: 'text/javascript; charset=utf-8' },
  '/icon.svg': { name: 'icon.svg', type: 'image/svg+xml' },
} as const;

/** Relative to the compiled file, `build/demo/files.js`. */
const FOLDER = new URL('../../demo/public/', import.meta.url);

const COMMON = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Reads the files and gives the handler that serves them; a file that is missing shows at the start. */
export async function loadFiles(): Promise<(request: HttpRequest) => HttpResponse> {
  const responses = new Map<string, HttpResponse>();
  for (const [path, { name, type }] of Object.entries(FILES)) {
    responses.set(path, { headers: { ...COMMON, 'Content-Type': type }, body: await readFile(new URL(name, FOLDER)) });
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
