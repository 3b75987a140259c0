/** Entering a group by whichever transport the client speaks: the handler is the same for all. */

import { asChannel, asEventStream, type Channel, type HandlerResult, type HttpRequest, type MemoryChannelStore, type Message, scheduleTask } from 'longwire';
import type { Transport } from 'longwire/client';
import { corsOf } from './origin.js';

/** A poll that has waited so long is answered with 204, and comes again: what lies between might take it for dead. */
const QUIET_MS = 25_000;

export interface Entry {
  readonly store: MemoryChannelStore;
  readonly group: string;
  /** Joins further groups, keeps what it needs of the channel. */
  readonly onOpen?: (channel: Channel) => void;
  readonly onReceive?: (channel: Channel, message: Message) => void;
  readonly onClose?: () => void;
}

/** A WebSocket where one is asked for, a poll where the answer is to be JSON, else an event stream, for `curl -N` too. */
export function transportOf(request: HttpRequest): Transport {
  if (request.isWebSocketUpgrade) return 'websocket';
  return request.header('accept')?.includes('application/json') ? 'poll' : 'event-stream';
}

/** Takes the request's channel into a group, behind the message that the client has heard last. */
export function enter(request: HttpRequest, { store, group, onOpen, onReceive, onClose }: Entry): HandlerResult {
  const headers = corsOf(request);
  const transport = transportOf(request);
  const take = transport === 'event-stream' ? asEventStream : asChannel;
  return take(request, {
    protocols: ['longwire.v1'],
    headers,
    onOpen(channel) {
      store.addToGroup(group, channel, undefined, { since: request.searchParams.get('since'), headers });
      onOpen?.(channel);
      const cancel = transport === 'poll' ? scheduleTask(QUIET_MS, () => channel.send({ status: 204, headers })) : () => false;
      channel.onClose(() => {
        cancel();
        onClose?.();
      });
    },
    onReceive: onReceive ?? (() => {}),
  });
}
