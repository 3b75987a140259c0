/** Certificates of our own, each made when it is first asked for: signed by itself, so that it is its own authority. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hasProgram } from './programs.js';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const made = new Map<string, Certificate>();

/** One for a name, and for 127.0.0.1; `undefined` where there is no openssl, and the test is skipped. `again` tells two for one name apart. */
export function certificate(t: TestContext, name = 'localhost', again = ''): Certificate | undefined {
  const key = `${name} ${again}`;
  if (!made.has(key) && hasProgram(t, 'openssl', ['version'], 'openssl')) made.set(key, make(name));
  return made.get(key);
}

/** The same in one file, PKCS #12. */
export function pfxOf({ key, cert }: Certificate, passphrase: string): Buffer {
  return execFileSync('openssl', ['pkcs12', '-export', '-passout', `pass:${passphrase}`], { input: key + cert });
}

function make(host: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'longwire-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const name = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host},IP:127.0.0.1`];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
