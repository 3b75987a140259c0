/** Longwire in a browser: one connection, by WebSocket, event stream or long poll, that comes back and goes on where it was. */

import type { AddressSource, Connection, ConnectOptions } from './contract.js';
import { ServerConnection } from './server-connection.js';

export type { Addresses, AddressSource, Connection, ConnectionState, ConnectOptions, Ending, MessageDetail, SendError, Transport } from './contract.js';

/**
 * Connects to a server, and stays connected until it is closed: by the first transport that works at the first address that answers.
 *
 * @param source an address, several, or a function that gives them, or a promise of them, whenever it is about to try; relative to the page,
 *   or `http`, `https`, `ws` or `wss`. All must lead to the same group. The query parameter `since` is added.
 * @throws TypeError on what is no address, on no address, and on an unknown transport.
 */
export function connect(source: AddressSource, options: ConnectOptions = {}): Connection {
  return new ServerConnection(source, options);
}
