/** Other versions of Node for the servers, as npm packages them. */

import { spawnSync } from 'node:child_process';

const FETCH_MS = 180_000;

export interface NodeVersion {
  /** The program. */
  readonly path: string;
  /** Such as `20.11.0`. */
  readonly version: string;
  readonly major: number;
}

/** The Node of this process. */
export const OWN_NODE: NodeVersion = nodeVersion(process.execPath, process.versions.node);

/** @throws Error where that version cannot be had. */
export function findNode(wanted: string): NodeVersion {
  if (OWN_NODE.version === wanted || OWN_NODE.version.startsWith(`${wanted}.`)) return OWN_NODE;
  const script = "console.log(JSON.stringify([process.execPath, process.versions.node]))";
  const { stdout, stderr, error } = spawnSync('npx', ['-y', '-p', `node@${wanted}`, 'node', '-e', script], { encoding: 'utf8', timeout: FETCH_MS });
  try {
    const [path, version] = JSON.parse(stdout.trim().split('\n').at(-1)!) as [string, string];
    return nodeVersion(path, version);
  } catch {
    throw new Error(`Node ${wanted} cannot be had: ${error?.message ?? stderr.trim()}`);
  }
}

function nodeVersion(path: string, version: string): NodeVersion {
  return { path, version, major: Number(version.split('.')[0]) };
}
