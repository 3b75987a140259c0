/** Messages leave the inbox in the order in which they came, one after the other, and its end behind the last of them. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from '#src/channel/contract.js';
import { Inbox, type InboxConsumer } from '#src/channel/inbox.js';

/** A promise that the test settles. */
class Gate {
  open!: () => void;
  readonly promise = new Promise<void>((resolve) => (this.open = resolve));
}

/** Takes messages; those that start with `wait` take until their gate is opened. */
class Consumer implements InboxConsumer {
  readonly log: string[] = [];
  readonly gates: Gate[] = [];
  canHandle = true;
  dropped = 0;
  /** Runs inside `handle`. */
  during: ((message: Message) => void) | undefined;

  handle(message: Message): PromiseLike<void> | undefined {
    this.log.push(`${typeof message === 'string' ? message : Buffer.from(message).toString()}`);
    this.during?.(message);
    if (typeof message !== 'string' || !message.startsWith('wait')) return undefined;
    const gate = new Gate();
    this.gates.push(gate);
    return gate.promise;
  }

  onFull(): void {
    this.log.push('full');
  }

  onRoom(): void {
    this.log.push('room');
  }

  onDropped(count: number): void {
    this.dropped += count;
  }
}

interface SetUp {
  readonly consumer: Consumer;
  readonly inbox: Inbox;
}

function setUp({ isHeld = false, maxQueuedMessages = 3, maxQueuedBytes = 1000 } = {}): SetUp {
  const consumer = new Consumer();
  const inbox = new Inbox({ maxQueuedMessages, maxQueuedBytes }, consumer);
  if (!isHeld) inbox.release();
  return { consumer, inbox };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('hands over', () => {
  test('a message at once where nobody is busy', () => {
    const { consumer, inbox } = setUp();
    inbox.push('a');
    inbox.push(Uint8Array.of(0x62));
    assert.deepEqual(consumer.log, ['a', 'b']);
    assert.equal(inbox.queuedMessages, 0);
  });

  test('the next message only when the promise of the one before has settled', async () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 10 });
    for (const message of ['wait 1', 'a', 'wait 2', 'b']) inbox.push(message);
    assert.deepEqual(consumer.log, ['wait 1']);
    await settled();
    assert.deepEqual(consumer.log, ['wait 1']);
    consumer.gates[0]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait 1', 'a', 'wait 2']);
    consumer.gates[1]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait 1', 'a', 'wait 2', 'b']);
  });

  test('nothing before it is released, then everything in order', () => {
    const { consumer, inbox } = setUp({ isHeld: true });
    inbox.push('a');
    inbox.push('b');
    inbox.run();
    assert.deepEqual(consumer.log, []);
    inbox.release();
    assert.deepEqual(consumer.log, ['a', 'b']);
  });

  test('nothing while nobody can take it, then everything in order', () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 10 });
    consumer.canHandle = false;
    inbox.push('a');
    inbox.push('b');
    assert.deepEqual(consumer.log, []);
    consumer.canHandle = true;
    inbox.push('c');
    inbox.run();
    assert.deepEqual(consumer.log, ['a', 'b', 'c']);
  });

  test('a message that comes while another is handled behind it', () => {
    const { consumer, inbox } = setUp();
    consumer.during = (message) => {
      if (message === 'a') inbox.push('inner');
      consumer.log.push(`/${String(message)}`);
    };
    inbox.push('a');
    inbox.run();
    assert.deepEqual(consumer.log, ['a', '/a', 'inner', '/inner']);
  });

  test('ten thousand messages that waited without growing the stack', async () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 20_000, maxQueuedBytes: 1_000_000 });
    inbox.push('wait');
    for (let i = 0; i < 10_000; i++) inbox.push(String(i));
    consumer.gates[0]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait', ...Array.from({ length: 10_000 }, (_, i) => String(i))]);
  });
});

describe('is full', () => {
  test('until it is half empty: reading is not switched for every message', async () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 4 });
    for (const message of ['wait', 'wait 1', 'wait 2', 'wait 3', 'wait 4']) inbox.push(message);
    assert.deepEqual(consumer.log, ['wait', 'full']);
    consumer.gates[0]!.open();
    await settled();
    consumer.gates[1]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait', 'full', 'wait 1', 'wait 2'], 'two of four are left');
    consumer.gates[2]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait', 'full', 'wait 1', 'wait 2', 'wait 3', 'room']);
  });

  test('at so many messages, and has room again when most have left', async () => {
    const { consumer, inbox } = setUp();
    for (const message of ['wait', 'a', 'b']) inbox.push(message);
    assert.deepEqual(consumer.log, ['wait']);
    inbox.push('wait c');
    assert.deepEqual(consumer.log, ['wait', 'full']);
    inbox.push('d');
    assert.deepEqual(consumer.log, ['wait', 'full'], 'said once');
    consumer.gates[0]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait', 'full', 'a', 'b', 'wait c', 'room']);
    assert.equal(inbox.queuedMessages, 1);
  });

  test('at so many bytes, text and binary', () => {
    const { consumer, inbox } = setUp({ isHeld: true, maxQueuedMessages: 100, maxQueuedBytes: 10 });
    inbox.push('12345');
    assert.deepEqual(consumer.log, []);
    inbox.push(new Uint8Array(5).fill(0x78));
    assert.deepEqual(consumer.log, ['full']);
    inbox.release();
    assert.deepEqual(consumer.log, ['full', '12345', 'xxxxx', 'room']);
  });

  test('never while messages are handled as they come', () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 1, maxQueuedBytes: 1 });
    for (let i = 0; i < 10; i++) inbox.push('message');
    assert.deepEqual(consumer.log, Array<string>(10).fill('message'));
  });

  test('holds what comes nevertheless: a read that was under way loses nothing', () => {
    const { consumer, inbox } = setUp({ isHeld: true, maxQueuedMessages: 1 });
    for (const message of ['a', 'b', 'c']) inbox.push(message);
    inbox.release();
    assert.deepEqual(consumer.log, ['full', 'a', 'b', 'c', 'room']);
  });
});

describe('ends', () => {
  test('at once where nothing is left', () => {
    const { consumer, inbox } = setUp();
    inbox.push('a');
    inbox.close(() => consumer.log.push('end'));
    assert.deepEqual(consumer.log, ['a', 'end']);
  });

  test('behind the messages before it and the last promise', async () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 10 });
    for (const message of ['wait 1', 'a', 'wait 2']) inbox.push(message);
    inbox.close(() => consumer.log.push('end'));
    consumer.gates[0]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait 1', 'a', 'wait 2']);
    consumer.gates[1]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait 1', 'a', 'wait 2', 'end']);
  });

  test('not before it is released', () => {
    const { consumer, inbox } = setUp({ isHeld: true });
    inbox.close(() => consumer.log.push('end'));
    assert.deepEqual(consumer.log, []);
    inbox.release();
    assert.deepEqual(consumer.log, ['end']);
  });

  test('not before somebody takes what is held', () => {
    const { consumer, inbox } = setUp();
    consumer.canHandle = false;
    inbox.push('a');
    inbox.close(() => consumer.log.push('end'));
    assert.deepEqual(consumer.log, []);
    consumer.canHandle = true;
    inbox.run();
    assert.deepEqual(consumer.log, ['a', 'end']);
  });

  test('once', async () => {
    const { consumer, inbox } = setUp();
    inbox.push('wait');
    inbox.close(() => consumer.log.push('end'));
    consumer.gates[0]!.open();
    await settled();
    inbox.run();
    inbox.expire();
    assert.deepEqual(consumer.log, ['wait', 'end']);
  });
});

describe('expires', () => {
  test('with a count of what is dropped, and ends though a promise never settles', () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 10 });
    for (const message of ['wait', 'a', 'b']) inbox.push(message);
    inbox.close(() => consumer.log.push('end'));
    inbox.expire();
    assert.equal(consumer.dropped, 2);
    assert.deepEqual(consumer.log, ['wait', 'end']);
    assert.equal(inbox.queuedMessages, 0);
  });

  test('so that nothing is handed over when the promise settles after all', async () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 10 });
    for (const message of ['wait', 'a']) inbox.push(message);
    inbox.close(() => consumer.log.push('end'));
    inbox.expire();
    consumer.gates[0]!.open();
    await settled();
    assert.deepEqual(consumer.log, ['wait', 'end']);
  });

  test('also where it was never released, and with nothing in it', () => {
    const { consumer, inbox } = setUp({ isHeld: true });
    inbox.close(() => consumer.log.push('end'));
    inbox.expire();
    assert.equal(consumer.dropped, 0);
    assert.deepEqual(consumer.log, ['end']);
  });
  test('also with what is being unpacked, which is dropped when it is there', async () => {
    const { consumer, inbox } = setUp({ maxQueuedMessages: 10 });
    const unpacked = Promise.resolve('late');
    inbox.push({ length: 1, unpack: () => unpacked });
    inbox.push('a');
    inbox.close(() => consumer.log.push('end'));
    inbox.expire();
    await settled();
    assert.deepEqual(consumer.log, ['end']);
    assert.equal(consumer.dropped, 2);
  });

  test('by itself behind a message that cannot be unpacked', async () => {
    for (const unpacked of [undefined, Promise.resolve(undefined)]) {
      const { consumer, inbox } = setUp({ isHeld: true, maxQueuedMessages: 10 });
      inbox.push({ length: 1, unpack: () => unpacked });
      for (const message of ['a', 'b']) inbox.push(message);
      inbox.close(() => consumer.log.push('end'));
      inbox.release();
      await settled();
      assert.deepEqual(consumer.log, ['end']);
      assert.equal(consumer.dropped, 2);
    }
  });
});
