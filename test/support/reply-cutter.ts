/** A way to a server on which connections can be cut the moment an answer comes: what was asked for is done, and nobody is told. */

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export class ReplyCutter {
  /** How many connections were cut so far. */
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #pattern: RegExp | undefined;
  #meanwhile: () => Promise<unknown> = async () => {};

  private constructor(port: number) {
    this.#server = createServer((client) => this.#join(client, port));
  }

  /** Leads to `port` of 127.0.0.1 until the test is over. */
  static async open(t: TestContext, port: number): Promise<ReplyCutter> {
    const cutter = new ReplyCutter(port);
    await new Promise<void>((resolve) => cutter.#server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      cutter.#server.close();
      for (const each of cutter.#sockets) each.destroy();
    });
    return cutter;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts the connection on which the next request comes that `pattern` fits, once it is answered and `meanwhile` is over. */
  cutAnswerTo(pattern: RegExp, meanwhile: () => Promise<unknown> = async () => {}): void {
    this.#pattern = pattern;
    this.#meanwhile = meanwhile;
  }

  #join(client: Socket, port: number): void {
    const server = connect(port, '127.0.0.1');
    let [isCut, isBeingCut] = [false, false];
    client.on('data', (data) => {
      if (this.#pattern?.test(data.toString('latin1')) === true) {
        this.#pattern = undefined;
        isCut = true;
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (!isCut) return void client.write(data);
      if (isBeingCut) return;
      isBeingCut = true;
      this.cuts++;
      void this.#meanwhile().finally(() => client.destroy());
    });
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
