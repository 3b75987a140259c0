/** The programs in the documents: compiled as a reader would, and run on a free port. */

import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type CodeBlock, ROOT } from './documents.js';
import { PATIENCE_MS } from './patience.js';

/** Stands in for `longwire`: the same, but it listens on a free port of 127.0.0.1, and tells its parent which. */
const STAND_IN = `
import * as longwire from 'longwire';
export * from 'longwire';
const runHere = (run) => async (handler, options) => {
  const server = await run(handler, { ...options, host: '127.0.0.1', port: 0 });
  process.send(server.port);
  return server;
};
export const runServer = runHere(longwire.runServer);
export const runCluster = runHere(longwire.runCluster);
`;

const TSCONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { composite: false, declaration: false, declarationMap: false, sourceMap: false, noUnusedParameters: false, rootDir: '.', outDir: 'out' },
};

export interface Programs {
  /** What the compiler had to say; empty if all is well. */
  readonly complaints: string;
  /** The folder of the compiled programs; `0.js` is the first block. */
  readonly folder: string;
  remove(): void;
}

/** Compiles every block, each as a module of its own, where the package can be imported by its name. */
export function compilePrograms(blocks: readonly CodeBlock[]): Programs {
  const folder = mkdtempSync(join(ROOT, 'build', 'readme-'));
  for (const [i, { code }] of blocks.entries()) writeFileSync(join(folder, `${i}.ts`), code);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], { encoding: 'utf8' });
  return { complaints: stdout + stderr, folder: join(folder, 'out'), remove: () => rmSync(folder, { recursive: true }) };
}

export interface RunningProgram {
  readonly port: number;
  readonly url: string;
  readonly child: ChildProcess;
  /** The folder in which it runs. */
  readonly cwd: string;
  /** Resolves when the program has printed `text`. */
  printed(text: string): Promise<void>;
}

/** Runs the program of one block until the test is over. */
export async function runProgram(t: TestContext, { folder }: Programs, index: number, cwd = ROOT): Promise<RunningProgram> {
  const program = join(folder, `run-${index}.js`);
  writeFileSync(join(folder, 'stand-in.js'), STAND_IN);
  writeFileSync(program, readFileSync(join(folder, `${index}.js`), 'utf8').replaceAll(/(['"])longwire\1/g, `'./stand-in.js'`));
  const child = fork(program, { cwd, execArgv: [], silent: true });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  const listened = new EventEmitter();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      listened.emit('text');
    });
  }
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', (code) => reject(new Error(`the program ended with ${code} before it listened:\n${output}`)));
  });
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    child,
    cwd,
    async printed(text) {
      while (!output.includes(text)) await once(listened, 'text', { signal: AbortSignal.timeout(PATIENCE_MS) });
    },
  };
}
