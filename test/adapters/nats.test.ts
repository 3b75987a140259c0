/** A bus over NATS: what becomes of messages when the server fails, and what is refused. */

import assert from 'node:assert/strict';
import { connect } from '@nats-io/transport-node';
import { UsageError } from 'longwire';
import { NatsBus, type NatsBusOptions, type NatsConnection } from 'longwire/nats';
import { numbered, prefixesAreApart, publish, WRONG_OPTIONS } from '../support/bus-conformance.js';
import { HeardGroup } from '../support/bus-listener.js';
import { natsTest } from '../support/bus-servers.js';
import { natsBus } from '../support/buses.js';
import { until } from '../support/signals.js';

natsTest('while NATS is away, that is told, and what is published waits, and is sent in order', async (t, start) => {
  const server = await start();
  const [one, two] = [await natsBus(t, server.port), await natsBus(t, server.port)];
  const [own, heard] = [await HeardGroup.open(one, 'room'), await HeardGroup.open(two, 'room')];
  await publish(one, 'room', '0');
  for (let i = 1; i <= 2; i++) {
    await server.stop();
    await Promise.all([own.told('lost', i), heard.told('lost', i)]);
    const publishing = numbered(20 * i - 19, 20 * i).map((text) => publish(one, 'room', text));
    assert.equal(await server.start(), true);
    await Promise.all([...publishing, own.told('restored with a gap', i), heard.told('restored with a gap', i)]);
  }
  await publish(one, 'room', 'the end');
  for (const each of [own, heard]) {
    await until(() => each.texts.at(-1) === 'the end', 'the last message');
    const { texts } = each;
    assert.deepEqual(texts, ['0', ...numbered(1, 40), 'the end'].filter((text) => texts.includes(text)));
    assert.deepEqual(each.events, ['lost', 'restored with a gap', 'lost', 'restored with a gap']);
  }
  // Who published was connected again by then, and so it has heard them all.
  assert.equal(own.texts.length, 42);
});

natsTest('who subscribes while NATS is away hears once it is back', async (t, start) => {
  const server = await start();
  const bus = await natsBus(t, server.port);
  const first = await HeardGroup.open(bus, 'first');
  await server.stop();
  await first.told('lost');
  const opening = HeardGroup.open(bus, 'second');
  assert.equal(await server.start(), true);
  const second = await opening;
  await publish(bus, 'second', 'text');
  assert.deepEqual(await second.heard(1), ['text']);
});

natsTest('while NATS does not answer, publish rejects when its time is up, and at once where too much waits', async (t, start) => {
  const server = await start();
  const bus = await natsBus(t, server.port, { publishTimeoutMs: 200, maxPendingBytes: 10_000 });
  await publish(bus, 'room', '1');
  await server.pause();
  const late = assert.rejects(publish(bus, 'room', 'x'.repeat(10_000)), /has not taken the message within 200 ms/);
  await assert.rejects(publish(bus, 'room', 'too much'), /10000 bytes or more/);
  await late;
  server.resume();
  await until(async () => publish(bus, 'room', '2').then(() => true, () => false), 'an answer');
});

natsTest('a message that is larger than NATS takes is refused, and no other with it', async (t, start) => {
  const { port } = await start();
  const bus = await natsBus(t, port);
  const heard = await HeardGroup.open(bus, 'room');
  const largest = 'x'.repeat(1024 * 1024 - 'a-store\n'.length);
  const publishing = [publish(bus, 'room', '1'), publish(bus, 'room', `${largest}x`), publish(bus, 'room', largest), publish(bus, 'room', '2')];
  assert.deepEqual((await Promise.allSettled(publishing)).map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  assert.deepEqual(await heard.heard(3), ['1', largest, '2']);
});

natsTest('only groups that somebody is in are subscribed, and what others put into a subject is passed over', async (t, start) => {
  const { port } = await start();
  const [bus, connection] = [await natsBus(t, port), await connect({ servers: `127.0.0.1:${port}` })];
  t.after(() => connection.close());
  const [first, second] = [await HeardGroup.open(bus, 'room'), await HeardGroup.open(bus, 'room')];
  first.close();
  connection.publish('longwire.room', 'no store has sent this');
  await connection.flush();
  await publish(bus, 'room', 'text');
  assert.deepEqual(await second.heard(1), ['text']);
  second.close();
  await publish(bus, 'room', 'text');
  await assert.rejects(connection.request('longwire.room', 'text', { timeout: 5_000 }), /no responders/i);
});

natsTest('buses with different prefixes do not hear of each other where one begins with the other', async (t, start) => {
  const { port } = await start();
  await prefixesAreApart((prefix) => natsBus(t, port, { prefix }), '.');
});

natsTest('a closed bus takes nothing and keeps nobody waiting, and the connection stays open', async (t, start) => {
  const server = await start();
  const connection = await connect({ servers: `127.0.0.1:${server.port}` });
  t.after(() => connection.close());
  const bus = new NatsBus(connection);
  const heard = await HeardGroup.open(bus, 'room');
  await server.pause();
  const [publishing, subscribing] = [publish(bus, 'room', 'text'), bus.subscribe('other', new HeardGroup(), undefined)];
  await bus.close();
  await assert.rejects(publishing, /the bus is closed/);
  server.resume();
  await assert.rejects(subscribing, /the bus is closed/);
  await assert.rejects(publish(bus, 'room', 'text'), /the bus is closed/);
  await assert.rejects(bus.subscribe('room', heard, undefined), /the bus is closed/);
  assert.equal(connection.isClosed(), false);
  await connection.flush();
});

natsTest('a connection that is closed for good is told', async (_t, start) => {
  const { port } = await start();
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  const bus = new NatsBus(connection, { publishTimeoutMs: 100 });
  const heard = await HeardGroup.open(bus, 'room');
  await connection.close();
  await heard.told('lost');
  await assert.rejects(publish(bus, 'room', 'text'));
  for (const group of ['other', 'room']) await assert.rejects(bus.subscribe(group, heard, undefined), /closed/);
  await bus.close();
});

natsTest('who subscribes while NATS is away is told where the connection gives up', async (_t, start) => {
  const server = await start();
  const connection = await connect({ servers: `127.0.0.1:${server.port}`, reconnectTimeWait: 20, maxReconnectAttempts: 3 });
  const bus = new NatsBus(connection);
  const heard = await HeardGroup.open(bus, 'room');
  await server.stop();
  await heard.told('lost');
  await assert.rejects(bus.subscribe('room', new HeardGroup(), undefined), /closed/);
  await bus.close();
});

natsTest('a bus takes a connection of NATS, options that make sense, and origins of one line', async (t, start) => {
  for (const connection of [undefined, null, {}, 'nats://127.0.0.1']) assert.throws(() => new NatsBus(connection as unknown as NatsConnection), UsageError);
  const { port } = await start();
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  t.after(() => connection.close());
  for (const options of [...WRONG_OPTIONS, ...['*.', 'a b', '.', 'a..', '>', '\ud800'].map((prefix) => ({ prefix }))]) {
    assert.throws(() => new NatsBus(connection, options as NatsBusOptions), UsageError, JSON.stringify(options));
  }
  const bus = new NatsBus(connection);
  await assert.rejects(publish(bus, 'room', 'text', undefined, 'two\nlines'), UsageError);
  await bus.close();
});
