/** Longwire in a browser: one connection, by WebSocket, event stream or long poll, that comes back and goes on where it was. */

import type { AddressSource, Connection, ConnectOptions } from './contract.js';
import { ServerConnection } from './server-connection.js';

export type { Addresses, AddressSource, Connection, ConnectionState, ConnectOptions, Ending, MessageDetail, SendError, Transport } from './contract.js';

/**
 * Connects to a server, and stays connected until it is closed: by the first transport that works, at the first address that answers.
 *
 * @param source an address, several, or a function that gives them or a promise of them; in `http`, `https`, `ws` or `wss`, or relative to
 *   the page. All must lead to the same group. The query parameter `since` is added to them. What is no address, and what the function
 *   throws, is shown as an error that nobody caught, and asked for again later.
 */
export function connect(source: AddressSource, options: ConnectOptions = {}): Connection {
  return new ServerConnection(source, options);
}
