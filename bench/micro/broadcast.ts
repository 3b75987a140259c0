/**
 * One message for a group of 1,000 WebSockets: what is reported is for one member and one message. Messages change each time. Once the
 * outlets only count; once frames are made, by the driver, for transports that only count, and what the members have written is counted
 * after each broadcast.
 */

import type { Channel } from '#src/channel/contract.js';
import { MemoryChannelStore } from '#src/channel/store.js';
import { CountingOutlet, CountingTransport, openFramingSocket, openSocket } from './counting-socket.js';
import { type Comparison, loopAlone, over } from './measure.js';

const MEMBERS = 1000;
const GROUP = 'all';
const MESSAGES = Array.from({ length: 256 }, (_, i) => `message ${1000 + i}`.padEnd(128, '.'));

/** A group, and how much its first member was sent. */
interface Group {
  readonly store: MemoryChannelStore;
  readonly channels: readonly Channel[];
  sentTotal(): number;
}

export function broadcastComparisons(): Comparison[] {
  return [compare('only counted', countingGroup(), 1), compare('only counted', countingGroup(), 4), compare('framed', framingGroup(), 1), compare('framed', framingGroup(), 4)];
}

function countingGroup(): Group {
  const outlets = Array.from({ length: MEMBERS }, () => new CountingOutlet());
  return groupOf(outlets.map((outlet) => openSocket(outlet).channel), () => outlets[0]!.total);
}

function framingGroup(): Group {
  const transports = Array.from({ length: MEMBERS }, () => new CountingTransport());
  return groupOf(transports.map((transport) => openFramingSocket(transport).channel), () => transports[0]!.total);
}

function groupOf(channels: readonly Channel[], sentTotal: () => number): Group {
  const store = new MemoryChannelStore();
  for (const channel of channels) store.addToGroup(GROUP, channel);
  return { store, channels, sentTotal };
}

function compare(title: string, { store, channels, sentTotal }: Group, messages: number): Comparison {
  const batches = Array.from({ length: MESSAGES.length / messages }, (_, i) => MESSAGES.slice(i * messages, (i + 1) * messages));
  return {
    title: `${messages === 1 ? 'one message' : `${messages} messages`} for ${MEMBERS} members, ${title}`,
    operations: MEMBERS * messages,
    ways: [
      loopAlone(batches),
      over('broadcast', batches, (batch) => {
        for (const each of batch) store.broadcast(GROUP, each);
        return sentTotal();
      }),
      over('a loop over send', batches, (batch) => {
        for (const each of batch) for (const channel of channels) channel.send(each);
        return sentTotal();
      }),
      over('broadcast of a function of the member', batches, (batch) => {
        for (const each of batch) store.broadcast(GROUP, () => each);
        return sentTotal();
      }),
    ],
  };
}
