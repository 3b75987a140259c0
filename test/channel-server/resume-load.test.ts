/**
 * Whenever clients are cut, and however they come back, while messages are published: each has every message once and in order, or is told of
 * a gap.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryChannelStore } from 'longwire';
import { turns, until } from '../support/deferred.js';
import { Broker } from '../support/broker.js';
import { Random } from '../support/random.js';
import { type Kind, ResumingClient, sequencesHeard } from '../support/resuming-client.js';
import { startRoomServer, takeAndJoin } from '../support/room-server.js';
import { startServer } from '../support/server.js';

const KINDS: readonly Kind[] = ['socket', 'events', 'poll'];
const CLIENTS = 20;
const MESSAGES = 1_000;

/** Waits until all have come so far, and leaves. */
async function allHave(clients: readonly ResumingClient[], id: string): Promise<void> {
  await until(() => clients.every((client) => client.position === id), `message ${id}`);
  for (const client of clients) client.cut();
}

for (const seed of [1, 2, 3]) {
  test(`a history that covers the cuts loses nothing and doubles nothing (seed ${seed})`, async (t) => {
    const random = new Random(seed);
    const room = await startRoomServer(t, { history: { maxMessages: MESSAGES } });
    let cuts = 0;
    const clients = Array.from({ length: CLIENTS }, () => {
      const client = new ResumingClient(t, `${room.epoch}0`);
      client.onMessage = () => {
        if (!random.once(60)) return;
        cuts++;
        client.connect(room.url, random.pick(KINDS));
      };
      client.connect(room.url, random.pick(KINDS));
      return client;
    });
    for (let i = 1; i <= MESSAGES; i++) {
      room.store.broadcast('room', `message-${i}`);
      if (random.once(4)) await turns(1);
    }
    await allHave(clients, `${room.epoch}${MESSAGES}`);
    const expected = Array.from({ length: MESSAGES }, (_, i) => `${room.epoch}${i + 1} message-${i + 1}`);
    for (const { heard } of clients) assert.deepEqual(heard, expected);
    assert.ok(cuts > CLIENTS, `${cuts} cuts`);
    assert.deepEqual([room.store.stats().gaps, room.errors], [0, []]);
  });

  test(`a history that is too short tells of each gap, and doubles nothing (seed ${seed})`, async (t) => {
    const random = new Random(seed);
    const room = await startRoomServer(t, { history: { maxMessages: 20 } });
    const clients = Array.from({ length: CLIENTS }, () => {
      const client = new ResumingClient(t, `${room.epoch}0`);
      client.onMessage = () => {
        if (random.once(60)) client.connect(room.url, random.pick(KINDS));
      };
      client.connect(room.url, random.pick(KINDS));
      return client;
    });
    for (let i = 1; i <= MESSAGES; i++) {
      room.store.broadcast('room', `message-${i}`);
      if (random.once(4)) await turns(1);
    }
    await allHave(clients, `${room.epoch}${MESSAGES}`);
    let told = 0;
    for (const { heard } of clients) {
      const { sequences, gaps } = sequencesHeard(heard, 0);
      assert.equal(sequences.at(-1), MESSAGES);
      assert.ok(gaps > 0 || sequences.length === MESSAGES);
      told += gaps;
    }
    assert.ok(told > 0, 'no client missed anything');
  });

  test(`clients that come back to other processes, over a bus that is lost and restored, lose nothing and double nothing (seed ${seed})`, async (t) => {
    const random = new Random(seed);
    const broker = new Broker();
    const processes = await Promise.all([1, 2, 3].map(async () => {
      const bus = broker.connect();
      const store = new MemoryChannelStore({ history: { maxMessages: MESSAGES }, bus });
      const { url } = await startServer(t, (request) => takeAndJoin(request, store));
      return { bus, store, url };
    }));
    const clients = Array.from({ length: CLIENTS }, () => {
      const client = new ResumingClient(t, 'epoch1-0');
      const connect = (): void => client.connect(random.pick(processes).url, random.pick(KINDS));
      client.onMessage = () => {
        if (random.once(60)) connect();
      };
      connect();
      return client;
    });
    let published = 0;
    while (published < MESSAGES) {
      const { bus, store } = random.pick(processes);
      if (!bus.isLost) store.broadcast('room', `message-${++published}`);
      const other = random.pick(processes).bus;
      if (random.once(50) && !other.isLost && !bus.isLost && processes.filter((each) => each.bus.isLost).length < 2) other.lose();
      else if (random.once(20) && other.isLost) other.restore({ catchesUp: random.once(2) });
      if (random.once(4)) await turns(1);
    }
    for (const { bus } of processes) if (bus.isLost) bus.restore();
    await allHave(clients, `epoch1-${MESSAGES}`);
    for (const { heard } of clients) {
      const { sequences, gaps } = sequencesHeard(heard, 0);
      assert.deepEqual([sequences.length, gaps, heard.at(-1)], [MESSAGES, 0, clients[0]!.heard.at(-1)]);
      assert.equal(new Set(heard.map((each) => each.split(' ')[1])).size, MESSAGES);
    }
  });
}
