/** What the documents say of the client is so: its programs compile for a page, and its options and their defaults are those of the source. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeBlocksOf, readDocument, ROOT, sectionOf } from '../support/documents.js';

const TSCONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { composite: false, noEmit: true, lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: [], allowJs: true, checkJs: true, noUnusedLocals: false },
};

test('the programs for the client compile', (t) => {
  const blocks = ['README.md', 'docs/CLIENT.md'].flatMap((document) => codeBlocksOf(readDocument(document))).filter(({ code }) => code.includes(`'longwire/client'`));
  assert.equal(blocks.length, 3);
  const folder = mkdtempSync(join(ROOT, 'build', 'pages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [i, { code }] of blocks.entries()) writeFileSync(join(folder, `${i}.js`), code);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], { encoding: 'utf8' });
  assert.equal(stdout + stderr, '');
});

const CONTRACT = readDocument('src/client/contract.ts');
const OPTIONS = /interface ConnectOptions \{([\s\S]+?)\n\}/.exec(CONTRACT)![1]!;
const NAMES = [...OPTIONS.matchAll(/^ {2}readonly (\w+)\?:/gm)].map((match) => match[1]!);
const ROWS = [...sectionOf('docs/CLIENT.md', 'Options').matchAll(/^\| `(\w+)` \| (.+?) \|/gm)].map(([, name, value]) => [name!, value!] as const);

test('docs/CLIENT.md has a row for every option, and no other', () => {
  assert.deepEqual(ROWS.map(([name]) => name), NAMES);
});

for (const name of NAMES.filter((each) => each.endsWith('Ms'))) {
  test(`the default of ${name} is in the document and the comment what it is in the source`, () => {
    const sources = readdirSync(join(ROOT, 'src', 'client')).filter((file) => file.endsWith('.ts')).map((file) => readDocument(`src/client/${file}`)).join('');
    const [, digits = assert.fail('no default')] = new RegExp(`\\b${name}(?::| =| \\?\\?) ([\\d_]+)`).exec(sources) ?? [];
    const ms = Number(digits.replaceAll('_', ''));
    const inWords = ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
    assert.equal(Object.fromEntries(ROWS)[name], inWords);
    const [, comment = ''] = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s+readonly ${name}\\?:`).exec(OPTIONS) ?? [];
    assert.ok(comment.includes(`${inWords} by default`), comment);
  });
}
