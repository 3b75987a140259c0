/** Begins to listen, on a port or on a unix socket. A socket that nobody answers on any more is replaced. */

import { lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Server } from 'node:net';

/** Where to listen, and how. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
  /** A unix socket's path; `host` and `port` are not used then. */
  readonly path: string | undefined;
  readonly backlog: number;
  readonly reusePort: boolean;
}

/** Resolves once `server` listens; rejects with the system's error, such as EADDRINUSE or EACCES. */
export async function listen(server: Server, place: ListenPlace): Promise<void> {
  const { path } = place;
  try {
    await tryToListen(server, place);
  } catch (error) {
    if (path === undefined || codeOf(error) !== 'EADDRINUSE' || !(await isStale(path))) throw error;
    await unlink(path);
    await tryToListen(server, place);
  }
}

/**
 * The port that others can listen on: one that is free where `place` asks for 0. It was listened on to find out, so this rejects as
 * `listen` does.
 */
export async function findPort(place: ListenPlace): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await listen(server, place);
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The port listened on; 0 on a unix socket. */
export function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function tryToListen(server: Server, { host, port, path, backlog, reusePort }: ListenPlace): Promise<void> {
  const where: ListenOptions & { reusePort?: boolean } = path === undefined ? { host, port, backlog } : { path, backlog };
  if (reusePort) where.reusePort = true;
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      server.off('listening', settle);
      server.off('error', settle);
      if (error instanceof Error) reject(error);
      else resolve();
    };
    server.once('listening', settle);
    server.once('error', settle);
    server.listen(where);
  });
}

/** Whether `path` is the socket of a server that is no more: a socket that nobody answers on. */
async function isStale(path: string): Promise<boolean> {
  // An abstract socket has no file, and goes with its server.
  if (path.startsWith('\0') || !(await lstat(path)).isSocket()) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error) => resolve(codeOf(error) === 'ECONNREFUSED'));
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
