/** Who may hold a connection: counted from accept, a TLS handshake included, until the socket has closed. */

import type { Socket } from 'node:net';

/** How many may be open at once, in all and from one address. */
export interface PlaceLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export class Places {
  readonly #limits: PlaceLimits;
  /** Whether an address is that of a proxy, behind which there are many clients. */
  readonly #trusts: (address: string) => boolean;
  readonly #isUnlimited: boolean;
  /** The address that each socket is counted for; empty where it counts for none. */
  readonly #taken = new Map<Socket, string>();
  readonly #byAddress = new Map<string, number>();

  constructor(limits: PlaceLimits, trusts: (address: string) => boolean) {
    this.#limits = limits;
    this.#trusts = trusts;
    this.#isUnlimited = limits.maxConnections === Infinity && limits.maxConnectionsPerAddress === Infinity;
  }

  /** Takes a place until the socket closes; false where there is none. A unix socket has no address, and counts for none. */
  take(socket: Socket, address: string): boolean {
    if (this.#isUnlimited) return true;
    if (this.#taken.size >= this.#limits.maxConnections || !this.#count(socket, address)) return false;
    socket.once('close', () => this.#release(socket));
    return true;
  }

  /** The socket turned out to belong to another address: its place is counted for that one from now on; false where it has none left. */
  move(socket: Socket, address: string): boolean {
    if (!this.#taken.has(socket)) return true;
    this.#release(socket);
    return this.#count(socket, address);
  }

  #count(socket: Socket, address: string): boolean {
    const { maxConnectionsPerAddress } = this.#limits;
    if (maxConnectionsPerAddress === Infinity || address === '' || this.#trusts(address)) {
      this.#taken.set(socket, '');
      return true;
    }
    const count = this.#byAddress.get(address) ?? 0;
    if (count >= maxConnectionsPerAddress) return false;
    this.#byAddress.set(address, count + 1);
    this.#taken.set(socket, address);
    return true;
  }

  #release(socket: Socket): void {
    const address = this.#taken.get(socket);
    this.#taken.delete(socket);
    if (address === undefined || address === '') return;
    const count = this.#byAddress.get(address)! - 1;
    if (count === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, count);
  }
}
