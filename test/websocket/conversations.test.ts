/**
 * A whole WebSocket, driver and channel: whatever its client sends, and whatever happens meanwhile, its messages are handed over in order
 * and one at a time, `onClose` comes once with the right code, nothing is thrown or rejected, and what is sent is valid. And the judge
 * that says so can tell.
 */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Message } from 'longwire';
import { ByteQueue } from '#src/byte-queue.js';
import { AsyncChannel } from '#src/channel/channel.js';
import { Inbox } from '#src/channel/inbox.js';
import { WebSocketProtocol } from '#src/websocket/protocol.js';
import { generate } from '../../fuzz/websocket/conversation.js';
import { judgeWebSocket } from '../../fuzz/websocket/judge.js';

const SEEDS = 1_000;

test(`conversations from ${SEEDS} seeds`, async () => {
  const ended = new Map<string, number>();
  let messages = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const judged = await judgeWebSocket(seed, generate(seed));
    assert.equal(judged.finding, undefined, `seed ${seed}: ${JSON.stringify(judged.details)}`);
    ended.set(judged.ended, (ended.get(judged.ended) ?? 0) + 1);
    messages += judged.messages;
  }
  for (const code of [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1013, 3000]) assert.ok(ended.has(String(code)), `the seeds reach ${code}`);
  assert.ok(messages > SEEDS, `the seeds reach messages: ${messages}`);
});

/** Whether any of the first conversations is found wrong. */
async function isFound(): Promise<boolean> {
  for (let seed = 0; seed < 400; seed++) if ((await judgeWebSocket(seed, generate(seed))).finding !== undefined) return true;
  return false;
}

const { push } = Inbox.prototype;
const { closeReply, onData, message } = WebSocketProtocol.prototype;
const { handle } = AsyncChannel.prototype;
const { push: add } = ByteQueue.prototype;

/** Faults that are planted: each must be found. */
const FAULTS: Readonly<Record<string, (t: TestContext) => void>> = {
  'a ping that nobody is told of': (t) => {
    t.mock.method(AsyncChannel.prototype, 'pinged', () => {});
  },
  'a message that is lost': (t) => {
    t.mock.method(Inbox.prototype, 'push', function (this: Inbox, each: Parameters<typeof push>[0]) {
      if (each.length !== 40) push.call(this, each);
    });
  },
  'messages that swap places': (t) => {
    let held: Parameters<typeof push>[0] | undefined;
    t.mock.method(Inbox.prototype, 'push', function (this: Inbox, each: Parameters<typeof push>[0]) {
      const first = held;
      held = first === undefined ? each : undefined;
      if (first === undefined) return;
      push.call(this, each);
      push.call(this, first);
    });
  },
  'messages that are handed over side by side': (t) => {
    t.mock.method(AsyncChannel.prototype, 'handle', function (this: AsyncChannel<unknown>, each: Message) {
      handle.call(this, each);
    });
  },
  'a Close that is answered with another code': (t) => {
    t.mock.method(WebSocketProtocol.prototype, 'closeReply', function (this: WebSocketProtocol, code: number | undefined) {
      closeReply.call(this, code ?? 1000);
    });
  },
  'a driver that throws': (t) => {
    t.mock.method(WebSocketProtocol.prototype, 'onData', function (this: WebSocketProtocol, bytes: Uint8Array) {
      if (bytes[0] === 0x82) throw new TypeError('planted');
      onData.call(this, bytes);
    });
  },
  'a message that is sent twice': (t) => {
    t.mock.method(WebSocketProtocol.prototype, 'message', function (this: WebSocketProtocol, ...args: Parameters<typeof message>) {
      message.apply(this, args);
      message.apply(this, args);
    });
  },
  'a decoder that looks at one piece only': (t) => {
    t.mock.method(ByteQueue.prototype, 'push', function (this: ByteQueue, chunk: Uint8Array) {
      if (this.length > 100) this.clear();
      add.call(this, chunk);
    });
  },
};

for (const [name, plant] of Object.entries(FAULTS)) {
  test(`the judge finds ${name}`, async (t) => {
    plant(t);
    assert.equal(await isFound(), true);
  });
}
