/** The open connections of a server, counted by address where that is limited. */

import type { Connection } from './net/connection.js';
import { WaitableSet } from './waitable-set.js';

/** How many may be open at once, in all and from one address. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export class Connections extends WaitableSet<Connection> {
  readonly #limits: ConnectionLimits;
  readonly #refused = new Set<Connection>();
  readonly #byAddress = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    super();
    this.#limits = limits;
  }

  /** Whether one more from `address` would be one too many. A unix socket has no address. */
  isFullFor(address: string): boolean {
    if (this.size - this.#refused.size >= this.#limits.maxConnections) return true;
    return address !== '' && (this.#byAddress.get(address) ?? 0) >= this.#limits.maxConnectionsPerAddress;
  }

  override add(connection: Connection): this {
    this.#count(connection.remoteAddress, 1);
    return super.add(connection);
  }

  /** Adds one that is refused and about to be closed: it takes nobody's place. */
  addRefused(connection: Connection): void {
    this.#refused.add(connection);
    super.add(connection);
  }

  override delete(connection: Connection): boolean {
    if (!this.#refused.delete(connection)) this.#count(connection.remoteAddress, -1);
    return super.delete(connection);
  }

  #count(address: string, by: 1 | -1): void {
    if (this.#limits.maxConnectionsPerAddress === Infinity) return;
    const count = (this.#byAddress.get(address) ?? 0) + by;
    if (count === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, count);
  }
}
