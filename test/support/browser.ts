/** A browser for one file of tests: headless Chromium, begun by the first test that needs it, whose pages report what goes wrong in them. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { hasProgram } from './programs.js';
import { PATIENCE_MS } from './patience.js';

const PROGRAM = 'chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export interface TestPage {
  readonly page: Page;
  /** Warnings and errors of the console, and what the page's scripts threw. */
  readonly complaints: string[];
}

let launched: Promise<Browser> | undefined;
after(async () => (await launched)?.close());

/** Whether there is a browser; if not, the test is skipped, and fails under CI. */
export function hasBrowser(t: TestContext): boolean {
  return launched !== undefined || hasProgram(t, PROGRAM, ['--version'], 'chromium');
}

/** Opens a page that shares nothing with others, and closes it when the test is over. */
export async function openPage(t: TestContext, url: string, viewport: { readonly width: number; readonly height: number }): Promise<TestPage> {
  launched ??= chromium.launch({ executablePath: pathOf(PROGRAM), args: ARGS });
  const page = await (await launched).newPage({ viewport, locale: 'en-GB' });
  t.after(() => page.close());
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  await page.goto(url);
  return { page, complaints };
}

function pathOf(program: string): string {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  return paths.find(isExecutable) ?? program;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
