/** Groups: who is in them, what reaches each kind of member, and that no member, message or function stops the rest. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Channel } from '#src/channel/contract.js';
import { MemoryChannelStore } from '#src/channel/store.js';
import { UsageError } from '#src/errors.js';
import type { Outgoing } from '#src/http/contract.js';
import { FakeHost } from '../support/fake-host.js';
import { countHeld } from '../support/garbage.js';
import { type Member, poll, stream, webSocket } from '../support/members.js';

function storeOf(...members: readonly Member[]): MemoryChannelStore<string> {
  const store = new MemoryChannelStore<string>();
  members.forEach(({ channel }, i) => store.addToGroup('room', channel, `no. ${i}`));
  return store;
}

describe('membership', () => {
  test('is by group, and seen by size, members and groups', () => {
    const [a, b] = [webSocket(), poll()];
    const store = new MemoryChannelStore();
    store.addToGroup('x', a.channel);
    store.addToGroup('x', b.channel);
    store.addToGroup('y', a.channel);
    assert.deepEqual([store.size('x'), store.size('y'), store.size('z')], [2, 1, 0]);
    assert.deepEqual(store.members('x'), [a.channel, b.channel]);
    assert.deepEqual(store.members('z'), []);
    assert.deepEqual(store.groups(), ['x', 'y']);
  });

  test('is one for a channel added twice, whose attachment is replaced', () => {
    const member = webSocket();
    const store = storeOf(member);
    store.addToGroup('room', member.channel, 'new');
    assert.equal(store.size('room'), 1);
    assert.equal(store.broadcast('room', (_, attachment) => attachment), 1);
    assert.deepEqual(member.host.takeCalls(), ['message new']);
  });

  test('ends when a channel is removed, in that group alone', () => {
    const member = webSocket();
    const store = storeOf(member);
    store.addToGroup('other', member.channel);
    store.removeFromGroup('room', member.channel);
    store.removeFromGroup('room', member.channel);
    store.removeFromGroup('nowhere', member.channel);
    assert.deepEqual([store.groups(), store.broadcast('room', 'a'), store.broadcast('other', 'b')], [['other'], 0, 1]);
    assert.deepEqual(member.host.takeCalls(), ['message b']);
  });

  test('begins anew after a channel left all its groups, and still ends with the channel', () => {
    const member = webSocket();
    const store = storeOf(member);
    store.removeFromGroup('room', member.channel);
    store.addToGroup('room', member.channel);
    assert.equal(store.size('room'), 1);
    member.channel.close();
    assert.deepEqual(store.groups(), []);
  });

  test('is not for a channel that is closed', () => {
    const { channel } = poll();
    channel.close();
    assert.deepEqual(storeOf({ host: new FakeHost(), channel }).groups(), []);
  });

  test('is not for what is no channel of this server', () => {
    const store = new MemoryChannelStore();
    for (const wrong of [undefined, null, {}, { isOpen: true, send: () => true }]) {
      assert.throws(() => store.addToGroup('x', wrong as unknown as Channel), UsageError);
      assert.throws(() => store.removeFromGroup('x', wrong as unknown as Channel), UsageError);
    }
  });

  const CLOSES: readonly (readonly [name: string, make: () => Member, close: (member: Member) => void])[] = [
    ['a poll answers', poll, ({ channel }) => channel.send('a')],
    ['a poll is closed', poll, ({ channel }) => channel.close()],
    ['a poll\'s client leaves', poll, ({ host }) => host.port.aborted('client')],
    ['a poll begins to stream a body', poll, ({ channel }) => channel.send({ body: ['a'] })],
    ['a stream sends its last piece', stream, ({ channel }) => channel.send('a')],
    ['a stream begins a streamed body', stream, ({ channel }) => channel.send({ body: ['a'] })],
    ['a WebSocket is closed by us, before the peer has answered', webSocket, ({ channel }) => channel.close()],
    ['a WebSocket sends its last message', webSocket, ({ channel }) => channel.send('a', true)],
    ['a WebSocket is closed by its peer', webSocket, ({ host }) => host.port.peerClosed(1000, '')],
    ['a WebSocket breaks a rule', webSocket, ({ host }) => host.port.peerFailed(1002, '')],
    ['the server stops', webSocket, ({ host }) => host.port.shutDown()],
  ];
  for (const [name, make, close] of CLOSES) {
    test(`ends in all groups and stores at the moment in which ${name}`, () => {
      const member = make();
      const [first, second] = [storeOf(member, webSocket()), storeOf(member)];
      first.addToGroup('other', member.channel);
      close(member);
      assert.equal(member.channel.isOpen, false);
      assert.deepEqual([first.groups(), first.size('room'), second.groups()], [['room'], 1, []]);
    });
  }

  test('ends while messages of the channel still wait to be handled', () => {
    const member = webSocket();
    const store = storeOf(member);
    member.host.port.received('held');
    member.host.port.peerClosed(1000, '');
    assert.deepEqual(store.groups(), []);
  });
});

test('a store lets go of channels that closed or were removed', async () => {
  const store = storeOf(webSocket());
  const refs = Array.from({ length: 20 }, (_, i) => {
    const { host, channel } = webSocket();
    store.addToGroup('room', channel);
    if (i % 2 === 0) host.port.peerClosed(1000, '');
    else store.removeFromGroup('room', channel);
    return new WeakRef(channel);
  });
  const held = await countHeld(refs);
  assert.ok(held <= 2, `${held} of ${refs.length} channels are held`);
  assert.equal(store.size('room'), 1);
});

describe('a broadcast', () => {
  test('is a message to a WebSocket, a piece to a stream that stays open, and the whole response to a poll', () => {
    const [socket, streaming, waiting] = [webSocket(), stream(), poll()];
    const store = storeOf(socket, streaming, waiting);
    assert.equal(store.broadcast('room', 'news'), 3);
    assert.deepEqual(socket.host.takeCalls(), ['message news']);
    assert.deepEqual(streaming.host.takeCalls(), ['chunk news']);
    assert.deepEqual(waiting.host.takeCalls(), ['whole news', 'closed']);
    assert.deepEqual([socket, streaming, waiting].map(({ channel }) => channel.isOpen), [true, true, false]);
    assert.equal(store.broadcast('room', 'more'), 2);
  });

  test('of a response gives its head to a poll only', () => {
    const [socket, streaming, waiting] = [webSocket(), stream(), poll()];
    const response = { status: 201, body: 'news' };
    assert.equal(storeOf(socket, streaming, waiting).broadcast('room', response), 3);
    assert.deepEqual(socket.host.takeCalls(), ['message news']);
    assert.deepEqual(streaming.host.takeCalls(), ['chunk news']);
    assert.deepEqual(waiting.host.takeCalls(), [`whole ${JSON.stringify(response)}`, 'closed']);
  });

  test('of bytes reaches everybody', () => {
    const members = [webSocket(), stream(), poll()];
    assert.equal(storeOf(...members).broadcast('room', Buffer.from('bytes')), 3);
    assert.deepEqual(members.map(({ host }) => host.takeCalls()[0]), ['message bytes', 'chunk bytes', 'whole bytes']);
  });

  test('that empties its group does not lose who joins it anew meanwhile', () => {
    const [slow, joining] = [webSocket(), webSocket()];
    const store = storeOf(slow);
    slow.host.bufferedAmount = 1_000_000;
    slow.host.onChannelClosed = () => store.addToGroup('room', joining.channel);
    assert.equal(store.broadcast('room', 'news'), 0);
    assert.deepEqual([store.members('room'), store.broadcast('room', 'more')], [[joining.channel], 1]);
    assert.deepEqual(joining.host.takeCalls(), ['message more']);
  });

  test('to nobody reaches nobody', () => {
    assert.equal(new MemoryChannelStore().broadcast('nowhere', 'news'), 0);
  });

  test('leaves out who is excepted', () => {
    const [a, b] = [webSocket(), webSocket()];
    assert.equal(storeOf(a, b).broadcast('room', 'news', { except: a.channel }), 1);
    assert.deepEqual([a.host.takeCalls(), b.host.takeCalls()], [[], ['message news']]);
  });

  test('is encoded once for all members of a kind', () => {
    const sockets = [webSocket(), webSocket(), webSocket()];
    const streams = [stream(), stream()];
    const store = storeOf(...sockets, ...streams);
    assert.equal(store.broadcast('room', 'news'), 5);
    const encoded = (members: readonly Member[]): string[] => members.flatMap(({ host }) => host.encoded.map(String));
    assert.deepEqual(encoded(sockets), ['news']);
    assert.deepEqual(encoded(streams), ['news']);
  });

  test('counts who accepted it: not a member whose output is full', () => {
    const [slow, healthy] = [webSocket(), webSocket()];
    slow.host.bufferedAmount = 1_000_000;
    const store = storeOf(slow, healthy);
    assert.equal(store.broadcast('room', 'news'), 1);
    assert.deepEqual(healthy.host.takeCalls(), ['message news']);
    assert.equal(slow.channel.isOpen, false);
    assert.deepEqual(store.members('room'), [healthy.channel]);
  });

  test('goes on behind a poll that refuses the response, which is reported', () => {
    const [broken, healthy] = [poll(), poll()];
    const refusal = new UsageError('refused');
    broken.host.throwNext = refusal;
    assert.equal(storeOf(broken, healthy).broadcast('room', 'news'), 1);
    assert.deepEqual(broken.host.errors, [refusal]);
    assert.deepEqual(healthy.host.takeCalls(), ['whole news', 'closed']);
  });

  test('reaches no member twice that joins the group meanwhile', () => {
    const first = webSocket();
    const joining = webSocket();
    const store = storeOf(first);
    const sent = store.broadcast('room', () => {
      store.addToGroup('room', joining.channel);
      return 'news';
    });
    assert.equal(sent, 1);
    assert.deepEqual(joining.host.takeCalls(), []);
    assert.equal(store.size('room'), 2);
  });

  for (const message of [
    {}, { status: 204 }, { body: null }, { body: ['a'] }, 42, null, undefined, { status: 99, body: 'a' }, { status: '200', body: 'a' }, { headers: { 'X-A': 'a\r\nb' }, body: 'a' },
    { headers: [['X A', 'a']], body: 'a' }, { headers: [7], body: 'a' }, { headers: 7, body: 'a' }, { headers: null, body: 'a' },
  ] as readonly unknown[]) {
    test(`of ${JSON.stringify(message)} is a UsageError and reaches nobody`, () => {
      const members = [webSocket(), stream(), poll()];
      assert.throws(() => storeOf(...members).broadcast('room', message as Outgoing), UsageError);
      for (const { host, channel } of members) assert.deepEqual([host.takeCalls(), channel.isOpen], [[], true]);
    });
  }
});

test('options that are none are a UsageError', () => {
  const member = webSocket();
  const store = storeOf(member);
  for (const options of [null, 5, 'x'] as readonly unknown[]) {
    assert.throws(() => store.addToGroup('other', member.channel, '', options as object), UsageError);
    assert.throws(() => store.broadcast('room', 'a', options as object), UsageError);
    assert.throws(() => store.broadcast('room', () => 'a', options as object), UsageError);
  }
  for (const key of [5, null]) assert.throws(() => store.broadcast('room', 'a', { key: key as unknown as string }), UsageError);
  assert.deepEqual([member.host.takeCalls(), store.groups()], [[], ['room']]);
});

describe('a function', () => {
  test('is asked for each member\'s message, with its attachment', () => {
    const members = [webSocket(), stream(), poll()];
    const asked: unknown[] = [];
    const store = storeOf(...members);
    const sent = store.broadcast('room', (channel, attachment) => {
      asked.push(channel);
      return `for ${attachment}`;
    });
    assert.equal(sent, 3);
    assert.deepEqual(asked, members.map(({ channel }) => channel));
    assert.deepEqual(members.map(({ host }) => host.takeCalls()[0]), ['message for no. 0', 'chunk for no. 1', 'whole for no. 2']);
    assert.deepEqual(members.map(({ channel }) => channel.isOpen), [true, true, false]);
  });

  test('sends nothing to a member for which it gives nothing', () => {
    const [a, b, c] = [webSocket(), stream(), poll()];
    assert.equal(storeOf(a, b, c).broadcast('room', (_, attachment) => (attachment === 'no. 1' ? 'news' : undefined)), 1);
    assert.deepEqual([a, b, c].map(({ host }) => host.takeCalls()), [[], ['chunk news'], []]);
  });

  test('that throws for one member is reported and stops nobody else', () => {
    const members = [webSocket(), webSocket(), webSocket()];
    const error = new Error('for one');
    const sent = storeOf(...members).broadcast('room', (_, attachment) => {
      if (attachment === 'no. 1') throw error;
      return 'news';
    });
    assert.equal(sent, 2);
    assert.deepEqual(members.map(({ host }) => host.errors), [[], [error], []]);
    assert.deepEqual(members.map(({ host, channel }) => [host.takeCalls(), channel.isOpen]), [[['message news'], true], [[], true], [['message news'], true]]);
  });

  test('that gives what cannot be sent is reported and stops nobody else', () => {
    const [a, b] = [webSocket(), webSocket()];
    const sent = storeOf(a, b).broadcast('room', (_, attachment) => (attachment === 'no. 0' ? (42 as unknown as string) : 'news'));
    assert.equal(sent, 1);
    assert.ok(a.host.errors[0] instanceof UsageError);
    assert.deepEqual(b.host.takeCalls(), ['message news']);
  });

  test('that gives a promise is reported, and so is what that rejects with', async () => {
    const members = [webSocket(), poll()];
    const error = new Error('of the function');
    assert.equal(storeOf(...members).broadcast('room', (async () => Promise.reject(error)) as unknown as () => string), 0);
    await new Promise((resolve) => setImmediate(resolve));
    for (const { host, channel } of members) {
      assert.ok(host.errors[0] instanceof UsageError);
      assert.deepEqual([host.errors.slice(1), host.takeCalls(), channel.isOpen], [[error], [], true]);
    }
  });

  test('is not asked for a member that is excepted', () => {
    const [a, b] = [webSocket(), webSocket()];
    storeOf(a, b).broadcast('room', (channel) => (channel === a.channel ? assert.fail('is excepted') : 'news'), { except: a.channel });
    assert.deepEqual([a.host.errors, b.host.takeCalls()], [[], ['message news']]);
  });

  test('may close and remove members while it is asked', () => {
    const [a, b, c] = [webSocket(), webSocket(), webSocket()];
    const store = storeOf(a, b, c);
    const sent = store.broadcast('room', (_, attachment) => {
      if (attachment === 'no. 0') b.channel.close();
      return 'news';
    });
    assert.equal(sent, 2);
    assert.deepEqual(store.members('room'), [a.channel, c.channel]);
  });
});
