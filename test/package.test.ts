/** What is published is all that is needed and nothing else: it is packed, installed and used as a stranger would. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { readDocument, ROOT } from './support/documents.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'longwire-package-'));
after(() => rmSync(FOLDER, { recursive: true }));

/** A copy of the project, so that packing, which builds anew, leaves the one under test alone. */
const PROJECT = join(FOLDER, 'project');
/** Where somebody else installs the package. */
const CONSUMER = join(FOLDER, 'consumer');
const INSTALLED = join(CONSUMER, 'node_modules', 'longwire');

const MANIFEST = JSON.parse(readDocument('package.json')) as Record<string, unknown> & { version: string };
const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true }).map(String).filter((file) => file.endsWith('.ts'));
pack();
install();
const PACKED = readdirSync(INSTALLED, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(INSTALLED, join(entry.parentPath, entry.name)));

test('the package holds the sources, what is built from them, and four documents', () => {
  const built = SOURCES.flatMap((file) => ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => `dist/${file.slice(0, -'.ts'.length)}${ending}`));
  const expected = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', ...SOURCES.map((file) => `src/${file}`), ...built];
  assert.deepEqual([...PACKED].sort(), expected.sort());
});

test('package.json says what is published, and for whom', () => {
  const { name, type, license, sideEffects, engines, main, types, exports } = MANIFEST;
  assert.deepEqual(
    { name, type, license, sideEffects, engines, main, types, exports },
    {
      name: 'longwire',
      type: 'module',
      license: 'MIT',
      sideEffects: false,
      engines: { node: '>=20' },
      main: './dist/index.js',
      types: './dist/index.d.ts',
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './client': { types: './dist/client/index.d.ts', default: './dist/client/index.js' },
        './redis': { types: './dist/adapters/redis.d.ts', default: './dist/adapters/redis.js' },
        './nats': { types: './dist/adapters/nats.d.ts', default: './dist/adapters/nats.js' },
        './package.json': './package.json',
      },
    },
  );
});

test('the changelog has a section for the version in package.json', () => {
  assert.match(readDocument('CHANGELOG.md'), new RegExp(`^## ${MANIFEST.version.replaceAll('.', '\\.')} - \\d{4}-\\d\\d-\\d\\d$`, 'm'));
});

test('installing the package brings no other, and runs no script', () => {
  assert.deepEqual(readdirSync(join(CONSUMER, 'node_modules')).filter((each) => !each.startsWith('.') && each !== '@types'), ['longwire']);
  const scripts = Object.keys((MANIFEST['scripts'] ?? {}) as object);
  assert.deepEqual(scripts.filter((script) => ['preinstall', 'install', 'postinstall', 'prepare'].includes(script)), []);
});

test('every source map of the package leads to a source in it', () => {
  for (const map of PACKED.filter((file) => file.endsWith('.map'))) {
    const { sources } = JSON.parse(readFileSync(join(INSTALLED, map), 'utf8')) as { sources: string[] };
    assert.ok(sources.length > 0, map);
    for (const source of sources) assert.ok(existsSync(join(INSTALLED, dirname(map), source)), `${map} names ${source}`);
  }
});

test('nothing in the package is imported by a path that only this project knows', () => {
  for (const file of PACKED.filter((each) => /\.(?:js|d\.ts)$/.test(each))) assert.doesNotMatch(readFileSync(join(INSTALLED, file), 'utf8'), /['"]#/, file);
});

test('a JavaScript program can import the package and serve with it', () => {
  writeFileSync(
    join(CONSUMER, 'program.mjs'),
    `import * as longwire from 'longwire';
    const server = await longwire.runServer(() => 'hello', { host: '127.0.0.1', port: 0 });
    const text = await (await fetch(server.url)).text();
    await server.stop();
    console.log(text, Object.keys(longwire).sort().join());`,
  );
  const { stdout, stderr } = run(process.execPath, ['program.mjs'], CONSUMER);
  assert.equal(stderr, '');
  assert.equal(stdout, 'hello MemoryChannelStore,ProtocolError,UsageError,asChannel,asEventStream,clusterBus,runCluster,runServer,scheduleTask,withChannel\n');
});

test('a program can import the client for browsers, which brings nothing of the server along', () => {
  writeFileSync(join(CONSUMER, 'client.mjs'), `console.log(Object.keys(await import('longwire/client')).join());`);
  assert.equal(run(process.execPath, ['client.mjs'], CONSUMER).stdout, 'connect\n');
  const client = PACKED.filter((file) => /^dist\/client\/.*\.js$/.test(file)).map((file) => readFileSync(join(INSTALLED, file), 'utf8'));
  assert.ok(client.length > 5);
  for (const text of client) assert.doesNotMatch(text, /from '(?!\.\/)/);
});

test('a program can import the buses over Redis and NATS, without a client of either', () => {
  writeFileSync(
    join(CONSUMER, 'buses.mjs'),
    `const [redis, nats, { UsageError }] = await Promise.all(['longwire/redis', 'longwire/nats', 'longwire'].map((name) => import(name)));
    console.log(Object.keys(redis).join(), Object.keys(nats).join());
    try { new redis.RedisBus({}); } catch (error) { console.log(error instanceof UsageError); }`,
  );
  assert.equal(run(process.execPath, ['buses.mjs'], CONSUMER).stdout, 'RedisBus NatsBus\ntrue\n');
});

test('what the package does not export cannot be imported', () => {
  writeFileSync(join(CONSUMER, 'inside.mjs'), `import('longwire/dist/server.js').catch((error) => console.log(error.code));`);
  assert.equal(run(process.execPath, ['inside.mjs'], CONSUMER).stdout, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n');
});

const RESOLUTIONS = [
  { moduleResolution: 'nodenext', module: 'nodenext' },
  { moduleResolution: 'bundler', module: 'esnext' },
];

for (const resolution of RESOLUTIONS) {
  test(`a TypeScript program can import the package with moduleResolution ${resolution.moduleResolution}, its declarations checked too`, () => {
    writeFileSync(
      join(CONSUMER, 'program.mts'),
      `import { asChannel, runServer, type Bus, type Channel, type Server } from 'longwire';
      import { connect, type Connection } from 'longwire/client';
      import { NatsBus } from 'longwire/nats';
      import { RedisBus } from 'longwire/redis';
      export const buses: (typeof RedisBus | typeof NatsBus)[] = [RedisBus, NatsBus];
      export const close = async (bus: RedisBus | NatsBus): Promise<Bus> => (await bus.close(), bus);
      const connection: Connection = connect('http://127.0.0.1', { onMessage: (data, { id }) => console.log(data, id) });
      connection.close();
      // @ts-expect-error the types of the client are not any either
      connection.state.trim();
      const server: Server = await runServer((request) => asChannel<number>(request, { onOpen: (channel: Channel<number>) => channel.send('hello') }));
      await server.stop();
      // @ts-expect-error the types are not any
      server.port.trim();`,
    );
    const compilerOptions = { ...resolution, target: 'es2022', strict: true, skipLibCheck: false, noEmit: true, types: ['node'] };
    writeFileSync(join(CONSUMER, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
    assert.equal(run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], CONSUMER).stdout, '');
  });
}

/** Packs the copy as a release would. */
function pack(): void {
  mkdirSync(PROJECT);
  for (const each of ['package.json', 'package-lock.json', 'tsconfig.base.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'src', 'test', 'scripts']) {
    cpSync(join(ROOT, each), join(PROJECT, each), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(PROJECT, 'node_modules'), 'dir');
  mkdirSync(join(PROJECT, 'dist'));
  writeFileSync(join(PROJECT, 'dist', 'left-over.js'), 'a file of an earlier build');
  npm(['pack'], PROJECT);
}

function install(): void {
  mkdirSync(CONSUMER);
  writeFileSync(join(CONSUMER, 'package.json'), '{ "private": true }');
  npm(['install', '--no-audit', '--no-fund', join(PROJECT, `longwire-${MANIFEST.version}.tgz`)], CONSUMER);
  symlinkSync(join(ROOT, 'node_modules', '@types'), join(CONSUMER, 'node_modules', '@types'), 'dir');
}

/** npm without the network, and with a cache of its own. */
function npm(args: readonly string[], cwd: string): void {
  const { status, stderr } = run('npm', [...args, '--offline', '--cache', join(FOLDER, 'cache'), '--no-update-notifier'], cwd);
  assert.equal(status, 0, `npm ${args.join(' ')}: ${stderr}`);
}

function run(program: string, args: readonly string[], cwd: string): { stdout: string; stderr: string; status: number | null } {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { stdout, stderr, status, error } = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
  if (error !== undefined) throw error;
  return { stdout, stderr, status };
}
