/** nginx and HAProxy as they are deployed in front: the real programs, each for one test, on a free port of 127.0.0.1. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { codeBlocksOf, readDocument } from './documents.js';
import { hasProgram } from './programs.js';
import { until } from './signals.js';
import { PATIENCE_MS } from './patience.js';

/** Makes a configuration that listens on `port`; files it needs may be put into `folder`. */
export type MakeConfig = (port: number, folder: string) => string;
/** Starts a proxy, and resolves with its port when it listens. */
export type StartProxy = (make: MakeConfig) => Promise<number>;

interface Program {
  readonly name: string;
  readonly versionArgs: readonly string[];
  readonly debianPackage: string;
  readonly args: (folder: string) => string[];
  /** What every configuration needs around it, to run in the foreground and within its folder. */
  readonly wrap: (config: string, folder: string) => string;
}

/** The file that is there, in its folder, once a proxy listens. */
const READY = 'ready';

const NGINX: Program = {
  name: 'nginx',
  versionArgs: ['-v'],
  debianPackage: 'nginx',
  args: (folder) => ['-p', folder, '-e', join(folder, 'log'), '-c', join(folder, 'config')],
  wrap: (config, folder) => `
    daemon off;
    master_process off;
    pid ${folder}/${READY};
    error_log ${folder}/log info;
    ${config}`,
};

/** Temporary files of nginx's modules, each in the folder of the test. */
const TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ');

const EVENTS = 'events { worker_connections 500; }';

const HAPROXY: Program = {
  name: 'haproxy',
  versionArgs: ['-v'],
  debianPackage: 'haproxy',
  args: (folder) => ['-db', '-f', join(folder, 'config')],
  // It listens in the order of the configuration, and gives a unix socket its name when it listens.
  wrap: (config, folder) => `
global
    log stdout format raw local0
    maxconn 500
${config}
frontend ready
    mode http
    timeout client 1s
    bind unix@${folder}/${READY}
`,
};

/** A test with nginx: what it is given is the configuration's `http` block. */
export function nginxTest(name: string, fn: (t: TestContext, start: StartProxy) => Promise<void>): void {
  proxyTest(NGINX, name, (t, start) => fn(t, (make) => start((port, folder) => `${EVENTS}\nhttp { access_log off; ${TEMP_PATHS}\n${make(port, folder)} }`)));
}

/** The same with the `stream` block. Debian has that module in a package of its own, libnginx-mod-stream; without it there is no test. */
export function nginxStreamTest(name: string, fn: (t: TestContext, start: StartProxy) => Promise<void>): void {
  const folder = /--modules-path=(\S+)/.exec(spawnSync('nginx', ['-V'], { encoding: 'utf8' }).stderr ?? '')?.[1];
  const module = join(folder ?? '', 'ngx_stream_module.so');
  if (!existsSync(module)) return;
  proxyTest(NGINX, name, (t, start) => fn(t, (make) => start((port, own) => `load_module ${module};\n${EVENTS}\nstream {\n${make(port, own)} }`)));
}

/** A test with HAProxy. */
export function haproxyTest(name: string, fn: (t: TestContext, start: StartProxy) => Promise<void>): void {
  proxyTest(HAPROXY, name, fn);
}

/** Skipped where the program is missing; where the test fails, what the proxies logged is shown. */
function proxyTest(program: Program, name: string, fn: (t: TestContext, start: StartProxy) => Promise<void>): void {
  test(name, { timeout: 120_000 }, async (t) => {
    if (!hasProgram(t, program.name, program.versionArgs, program.debianPackage)) return;
    const proxies: Proxy[] = [];
    try {
      await fn(t, async (make) => {
        const proxy = await startProxy(t, program, make);
        proxies.push(proxy);
        return proxy.port;
      });
    } catch (error) {
      for (const proxy of proxies) t.diagnostic(`${program.name} logged:\n${proxy.log}`);
      throw error;
    }
  });
}

/** A port can be taken by another between our finding it free and the program's using it: then the next one is tried. */
async function startProxy(t: TestContext, program: Program, make: MakeConfig): Promise<Proxy> {
  for (let attempt = 1; ; attempt++) {
    const proxy = new Proxy(t, program, make, await freePort());
    if (await proxy.listens()) return proxy;
    if (attempt === 3 || !/in use/i.test(proxy.log)) throw new Error(`${program.name} does not start:\n${proxy.log}`);
  }
}

class Proxy {
  readonly port: number;
  readonly #folder: string;
  #printed = '';
  #hasEnded = false;

  constructor(t: TestContext, program: Program, make: MakeConfig, port: number) {
    this.port = port;
    const folder = mkdtempSync(join(tmpdir(), 'longwire-'));
    this.#folder = folder;
    writeFileSync(join(folder, 'config'), program.wrap(make(port, folder), folder));
    const child = spawn(program.name, program.args(folder), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    t.after(() => this.#remove(kill));
    child.once('error', (error) => (this.#printed += String(error)));
    child.once('close', () => (this.#hasEnded = true));
    for (const output of [child.stdout!, child.stderr!]) output.setEncoding('utf8').on('data', (text: string) => (this.#printed += text));
  }

  get log(): string {
    const file = join(this.#folder, 'log');
    return this.#printed + (existsSync(file) ? readFileSync(file, 'utf8') : '');
  }

  /** Resolves when it listens, or with false when it gave up. */
  async listens(): Promise<boolean> {
    await until(() => this.#hasEnded || existsSync(join(this.#folder, READY)), 'the start of the proxy', PATIENCE_MS);
    return !this.#hasEnded;
  }

  async #remove(kill: () => boolean): Promise<void> {
    kill();
    process.off('exit', kill);
    await until(() => this.#hasEnded, 'the end of the proxy');
    rmSync(this.#folder, { recursive: true });
  }
}

/** A port of 127.0.0.1 that nobody listens to at the moment. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The block of docs/DEPLOYMENT.md under `title`, each name replaced by what the test has in its place. All of the names must be there. */
export function deploymentConfig(title: string, replacements: Readonly<Record<string, string>> = {}): string {
  const block = codeBlocksOf(readDocument('docs/DEPLOYMENT.md')).find((each) => each.title === title && /^(?:nginx|haproxy)$/.test(each.language));
  if (block === undefined) throw new Error(`docs/DEPLOYMENT.md has no configuration under «${title}»`);
  return replaceAll(block.code, replacements);
}

/** `text` with each name replaced; all of the names must be there. */
export function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  let replaced = text;
  for (const [name, value] of Object.entries(replacements)) {
    if (!replaced.includes(name)) throw new Error(`the configuration has no «${name}»`);
    replaced = replaced.replaceAll(name, () => value);
  }
  return replaced;
}
