/** A server that takes the channel of every request and hands it to the test, with a record of what it was told. */

import type { TestContext } from 'node:test';
import { asChannel, type Channel, type ChannelHandlers, type CloseDetail, type CloseStatus, type HttpRequest, type Message, type ServerOptions } from 'longwire';
import type { Clock } from '#src/net/deadlines.js';
import { until } from './deferred.js';
import { startServer, type TestServer } from './server.js';

/** One call of `onClose`. */
export interface Closing extends CloseDetail {
  readonly status: CloseStatus;
}

export class TakenChannel {
  readonly request: HttpRequest;
  channel!: Channel;
  readonly messages: Message[] = [];
  /** Every call of `onClose`: there must never be a second. */
  readonly closings: Closing[] = [];
  /** How often `onDrain` was called. */
  drains = 0;

  constructor(request: HttpRequest) {
    this.request = request;
  }

  /** Takes the channel; a handler given in `handlers` replaces the recording one. */
  take(handlers: ChannelHandlers = {}, as = asChannel): Channel {
    this.channel = as(this.request, {
      onReceive: (_channel, message) => void this.messages.push(message),
      onDrain: () => void this.drains++,
      onClose: (_channel, status, detail) => void this.closings.push({ status, ...detail }),
      ...handlers,
    });
    return this.channel;
  }

  async closed(): Promise<Closing> {
    await until(() => this.closings.length > 0, 'onClose');
    return this.closings[0]!;
  }

  /** Waits until `count` messages have come. */
  async received(count: number): Promise<Message[]> {
    await until(() => this.messages.length >= count, `message ${count}`);
    return this.messages;
  }
}

export interface ChannelServer extends TestServer {
  /** All channels taken so far. */
  readonly taken: TakenChannel[];
  /** The channel of the next request that was not asked for yet. */
  next(): Promise<TakenChannel>;
}

export async function startChannelServer(t: TestContext, options: ServerOptions = {}, clock?: Clock, handlers?: ChannelHandlers, as = asChannel): Promise<ChannelServer> {
  const taken: TakenChannel[] = [];
  let asked = 0;
  const server = await startServer(
    t,
    (request) => {
      const record = new TakenChannel(request);
      record.take(handlers, as);
      taken.push(record);
    },
    options,
    clock,
  );
  const next = async (): Promise<TakenChannel> => {
    const index = asked++;
    await until(() => taken.length > index, `channel ${index + 1}`);
    return taken[index]!;
  };
  return { ...server, taken, next };
}

/** A plain GET; `fields` are further lines, each with its CR LF. */
export function get(path = '/', fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
}
