/** A wire between clients and a server that a test can cut, in the middle of whatever goes over it, or hold so that nothing goes over it at all. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Transport } from 'longwire/client';

interface Wire {
  readonly client: Socket;
  readonly server: Socket;
  /** By which transport the client asked last. */
  transport: Transport | undefined;
}

export class Relay {
  /** Whether requests by a transport are swallowed: they are taken, and nothing comes back. */
  readonly swallowed = new Set<Transport>();
  /** Whether whoever comes is turned away. */
  isDown = false;
  readonly #server: Server;
  readonly #wires = new Set<Wire>();

  private constructor(port: number) {
    this.#server = createServer((client) => this.#relay(client, port));
  }

  /** Starts a relay to a port of 127.0.0.1. */
  static async start(t: TestContext, port: number): Promise<Relay> {
    const relay = new Relay(port);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    t.after(() => {
      relay.#server.close();
      relay.cut();
    });
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Destroys the connections that carry a transport, or all; answers how many they were. */
  cut(transport?: Transport): number {
    const cut = [...this.#wires].filter((wire) => transport === undefined || wire.transport === transport);
    for (const { client, server } of cut) {
      client.destroy();
      server.destroy();
    }
    return cut.length;
  }

  #relay(client: Socket, port: number): void {
    if (this.isDown) return void client.destroy();
    const wire: Wire = { client, server: connect(port, '127.0.0.1'), transport: undefined };
    this.#wires.add(wire);
    client.on('data', (bytes) => {
      wire.transport = transportOf(bytes.toString('latin1')) ?? wire.transport;
      if (wire.transport === undefined || !this.swallowed.has(wire.transport)) wire.server.write(bytes);
    });
    wire.server.on('data', (bytes) => client.write(bytes));
    for (const [from, to] of [[client, wire.server], [wire.server, client]] as const) {
      from.on('end', () => to.end());
      from.on('close', () => {
        to.destroy();
        this.#wires.delete(wire);
      });
      from.on('error', () => {}); // the close behind it says all
    }
  }
}

function transportOf(head: string): Transport | undefined {
  if (!head.startsWith('GET ')) return undefined;
  if (/^upgrade: websocket\r$/im.test(head)) return 'websocket';
  return /^accept: text\/event-stream\r$/im.test(head) ? 'event-stream' : 'poll';
}
