/** The transition table of a channel: what it says in every state of every event, and what follows from it for all of its paths. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CHANNEL_STEPS, type ChannelEvent, type ChannelState, isOpenState, stepOf } from '#src/channel/states.js';

const STATES = Object.keys(CHANNEL_STEPS) as ChannelState[];
const EVENTS: readonly ChannelEvent[] = ['send', 'sendLast', 'sendBody', 'bodyEnd', 'bodyFail', 'close', 'beginEvents', 'accept', 'peerClose', 'fail', 'abort'];

/** The contract, written a second time: one line a state, one column an event. */
const EXPECTED: Readonly<Record<ChannelState, readonly string[]>> = {
  //           send               sendLast                sendBody          bodyEnd        bodyFail      close                 beginEvents             accept         peerClose            fail                abort
  pending:   ['streaming begin', 'closed whole',         'finishing body', '',            '',           'closed whole',       'emitting beginEvents', 'open accept', '',                  '',                 'closed cut'],
  streaming: ['streaming chunk', 'closed chunkLast',     'finishing body', '',            '',           'closed last',        '',                     '',            '',                  '',                 'closed cut'],
  emitting:  ['emitting event',  'closed eventLast',     '',               '',            '',           'closed last',        '',                     '',            '',                  '',                 'closed cut'],
  finishing: ['',                '',                     '',               'closed last', 'closed cut', '',                   '',                     '',            '',                  '',                 'closed cut'],
  open:      ['open message',    'closing messageClose', '',               '',            '',           'closing closeFrame', '',                     '',            'closed closeReply', 'closed failFrame', 'closed'],
  closing:   ['',                '',                     '',               '',            '',           '',                   '',                     '',            'closed',            'closed',           'closed'],
  closed:    ['',                '',                     '',               '',            '',           '',                   '',                     '',            '',                  '',                 ''],
};

for (const state of STATES) {
  describe(`in ${state}`, () => {
    EVENTS.forEach((event, i) => {
      const expected = EXPECTED[state][i]!;
      test(expected === '' ? `${event} is refused` : `${event} leads to ${expected}`, () => {
        assert.equal((stepOf(state, event) ?? []).join(' '), expected);
      });
    });
  });
}

test('the table has no event that is not listed here', () => {
  for (const state of STATES) for (const event of Object.keys(CHANNEL_STEPS[state])) assert.ok((EVENTS as readonly string[]).includes(event), `${state} ${event}`);
});

/** The states that can follow `state`, however many steps away. */
function reachableFrom(state: ChannelState): Set<ChannelState> {
  const reached = new Set<ChannelState>();
  const todo = [state];
  for (let from = todo.pop(); from !== undefined; from = todo.pop()) {
    for (const event of EVENTS) {
      const next = stepOf(from, event)?.[0];
      if (next === undefined || reached.has(next)) continue;
      reached.add(next);
      todo.push(next);
    }
  }
  return reached;
}

describe('of all paths', () => {
  test('every state lies on one that begins with pending', () => {
    const reached = reachableFrom('pending');
    for (const state of STATES) if (state !== 'pending') assert.ok(reached.has(state), state);
  });

  test('none leads back to pending', () => {
    for (const state of STATES) assert.ok(!reachableFrom(state).has('pending'), state);
  });

  test('every one can end in closed, and none leaves it', () => {
    for (const state of STATES) if (state !== 'closed') assert.ok(reachableFrom(state).has('closed'), state);
    assert.deepEqual(reachableFrom('closed'), new Set());
  });

  test('an open channel can be closed and aborted at any moment', () => {
    for (const state of STATES.filter(isOpenState)) {
      assert.notEqual(stepOf(state, 'close'), undefined, state);
      assert.equal(stepOf(state, 'abort')?.[0], 'closed', state);
    }
  });

  test('a channel that is not open any more is never open again', () => {
    for (const state of STATES) if (!isOpenState(state)) for (const next of reachableFrom(state)) assert.equal(isOpenState(next), false, `${state} ${next}`);
  });

  test('HTTP never becomes a WebSocket once it has written, nor a WebSocket HTTP', () => {
    for (const state of ['streaming', 'emitting', 'finishing'] as const) for (const webSocket of ['open', 'closing'] as const) assert.ok(!reachableFrom(state).has(webSocket));
    for (const state of ['open', 'closing'] as const) for (const http of ['streaming', 'emitting', 'finishing'] as const) assert.ok(!reachableFrom(state).has(http));
  });
});

test('a channel is open while something can be sent', () => {
  for (const state of STATES) assert.equal(isOpenState(state), stepOf(state, 'send') !== undefined, state);
});
