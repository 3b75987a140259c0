/**
 * A WebSocket message on its way through a channel, both ways: from `send` to an outlet that only counts, and from the driver through the
 * inbox to `onReceive`. Messages change each time, and both ends count their characters. What a channel is compared with does less: it
 * keeps no order, no limits, no async context; so the difference is their price.
 */

import { EventEmitter } from 'node:events';
import type { Message } from '#src/channel/contract.js';
import { CountingOutlet, CountingTransport, openFramingSocket, openSocket } from './counting-socket.js';
import { type Comparison, LOOP_ALONE, loopAlone, over, type Way } from './measure.js';

const MESSAGES: readonly Message[] = Array.from({ length: 256 }, (_, i) => `message ${1000 + i}`.padEnd(64, '.'));
/** So many come in one read. */
const IN_A_READ = 16;

export function channelComparisons(): Comparison[] {
  return [compareSending(), compareReceiving(), compareWaiting()];
}

function compareSending(): Comparison {
  const outlet = new CountingOutlet();
  const transport = new CountingTransport();
  const { channel } = openSocket(outlet);
  const framing = openFramingSocket(transport).channel;
  const emitter = new EventEmitter().on('message', (message: Message) => outlet.message(message));
  return {
    title: 'a message sent',
    ways: [
      loopAlone(MESSAGES),
      over('channel.send, to an outlet that counts', MESSAGES, (message) => (channel.send(message) ? outlet.total : 0)),
      over('and framed, to a transport that counts', MESSAGES, (message) => (framing.send(message) ? transport.total : 0)),
      over('an event of an EventEmitter', MESSAGES, (message) => (emitter.emit('message', message) ? outlet.total : 0)),
      over('the outlet alone', MESSAGES, (message) => {
        outlet.message(message);
        return outlet.total;
      }),
    ],
  };
}

function compareReceiving(): Comparison {
  let total = 0;
  const { port } = openSocket(new CountingOutlet(), { onReceive: (_channel, message) => void (total += message.length) });
  const emitter = new EventEmitter().on('message', (message: Message) => void (total += message.length));
  return {
    title: `a message received, ${IN_A_READ} in a read`,
    operations: IN_A_READ,
    ways: [
      loopAlone(reads()),
      over('through the inbox to onReceive', reads(), (read) => {
        port.runInContext(function () {
          for (const each of read) port.received(each);
        }, undefined);
        return total;
      }),
      over('an event of an EventEmitter', reads(), (read) => {
        for (const each of read) emitter.emit('message', each);
        return total;
      }),
    ],
  };
}

/** Each message has to wait until the promise of the one before has resolved. */
function compareWaiting(): Comparison {
  let total = 0;
  const receive = async (message: Message): Promise<void> => {
    await undefined;
    total += message.length;
  };
  const { port } = openSocket(new CountingOutlet(), { onReceive: (_channel, message) => receive(message) });
  let chain = Promise.resolve();
  return {
    title: `a message received by an async onReceive, ${IN_A_READ} in a read`,
    operations: IN_A_READ,
    ways: [
      readingInTurns(LOOP_ALONE, () => 1, () => {}),
      readingInTurns('through the inbox', () => total, (message) => port.received(message)),
      readingInTurns('a promise chained to the one before', () => total, (message) => void (chain = chain.then(() => receive(message)))),
    ],
  };
}

function reads(): Message[][] {
  return Array.from({ length: MESSAGES.length / IN_A_READ }, (_, i) => MESSAGES.slice(i * IN_A_READ, (i + 1) * IN_A_READ));
}

/** Every read is handled, to its last message, before the next; the turn of the event loop that this takes is a part of what the loop costs. */
function readingInTurns(name: string, totalOf: () => number, take: (message: Message) => void): Way {
  const all = reads();
  let next = 0;
  return {
    name,
    async run(times) {
      for (let i = 0; i < times; i++) {
        for (const each of all[next++ % all.length]!) take(each);
        await new Promise(setImmediate);
      }
      return totalOf();
    },
  };
}
