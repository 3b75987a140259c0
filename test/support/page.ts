/** A page without a browser: a connection of the client, with a record of what it was told. Node lends it fetch, and ws its WebSocket. */

import type { TestContext } from 'node:test';
import { type AddressSource, connect, type Connection, type ConnectionState, type ConnectOptions, type MessageDetail } from 'longwire/client';
import { WebSocket } from 'ws';
import { until } from './deferred.js';

/** A failure is heard as a close, as in a browser; ws would throw it as well. */
class PageWebSocket extends WebSocket {
  constructor(address: string, protocol: string) {
    super(address, protocol);
    this.on('error', () => {});
  }
}

Object.assign(globalThis, { WebSocket: PageWebSocket });

export interface Heard extends MessageDetail {
  readonly data: string | Uint8Array;
}

export class TestPage {
  readonly connection: Connection;
  readonly heard: Heard[] = [];
  readonly states: ConnectionState[] = [];
  gaps = 0;

  /** Connects, impatiently, until the test is over. */
  constructor(t: TestContext, source: AddressSource, options: ConnectOptions = {}) {
    this.connection = connect(source, {
      minRetryMs: 4,
      maxRetryMs: 50,
      onMessage: (data, detail) => void this.heard.push({ data, ...detail }),
      onGap: () => void this.gaps++,
      onState: (state) => void this.states.push(state),
      ...options,
    });
    t.after(() => this.connection.close());
  }

  get texts(): (string | Uint8Array)[] {
    return this.heard.map(({ data }) => data);
  }

  /** The states so far, each with its transport. */
  get story(): string[] {
    return this.states.map(({ state, transport }) => `${state} ${transport}`);
  }

  /** Waits until it is open, by one transport. */
  async opened(transport: string): Promise<void> {
    await until(() => this.connection.state.state === 'open' && this.connection.state.transport === transport, `a connection by ${transport}`);
  }

  async hears(count: number): Promise<void> {
    await until(() => this.heard.length >= count, `message ${count}`);
  }
}
