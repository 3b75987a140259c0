/** Every limit and every deadline among the options has tests that hold it, and this table names them: none can be added, or lost, unseen. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveOptions } from '#src/options.js';
import { readDocument } from '../support/documents.js';

/** A file of `test/`, and words of the name of a test in it, as the file has them. */
type Held = readonly [file: string, words: string];

/** What holds each option; for deadlines also in real time. */
const LIMITS: Readonly<Record<string, readonly Held[]>> = {
  maxHeadBytes: [['limits/sizes', 'a head of lines'], ['server/refusals', 'fields that are too large together'], ['limits/memory', 'sends 15 KiB of a head']],
  maxLineBytes: [['limits/sizes', 'a request line'], ['limits/sizes', 'a field line'], ['limits/sizes', 'a trailer line']],
  maxHeaderCount: [['server/refusals', 'more than 100 fields'], ['limits/sizes', 'tiny trailers']],
  maxBodyBytes: [['server/request-bodies', 'answers 413 to a collected body over maxBodyBytes'], ['limits/uploads', '413 to a body that is announced too large'], ['limits/memory', 'sends a body, to be collected']],
  maxStreamedBodyBytes: [['server/request-bodies', 'rejects a streamed body over maxStreamedBodyBytes'], ['limits/uploads', '413 to a streamed body that becomes too large']],
  minBodyBytesPerSecond: [['limits/deadlines', 'a body with a length'], ['limits/deadlines', 'a body that may be as slow as it likes'], ['limits/real-time', 'minBodyBytesPerSecond']],
  maxPipelinedBytes: [['server/connections', 'pauses a client that pipelines more than 64 KiB'], ['limits/pipelining', 'requests pipelined behind a slow one'], ['limits/memory', 'pipelines more than it may']],
  maxConnections: [['limits/max-connections', 'serves 50 of 500'], ['limits/max-connections', 'on a TLS port']],
  maxConnectionsPerAddress: [['limits/max-connections', 'from each of five addresses']],
  maxRequestsPerSecond: [['server/request-rate', 'maxRequestsPerSecond']],
  tlsHandshakeTimeoutMs: [['limits/max-connections', 'handshakes that do not go on'], ['limits/real-time', 'tlsHandshakeTimeoutMs']],
  headTimeoutMs: [['server/timeouts', 'answers 408 to a head that comes byte by byte'], ['limits/deadlines', 'a head, where the deadline is another'], ['limits/real-time', 'headTimeoutMs']],
  requestTimeoutMs: [['limits/deadlines', 'a body, where the deadline is another'], ['limits/deadlines', 'trailers behind a body that was fast'], ['limits/real-time', 'requestTimeoutMs']],
  keepAliveTimeoutMs: [['server/timeouts', 'closes an idle connection 65 s behind its last answer'], ['limits/deadlines', 'empty lines do not keep an idle connection'], ['limits/real-time', 'keepAliveTimeoutMs']],
  sendTimeoutMs: [['server/timeouts', 'takes no output for sendTimeoutMs'], ['limits/pipelining', 'is destroyed when it takes nothing for 30 s'], ['limits/real-time', 'sendTimeoutMs']],
  maxMessageBytes: [['channel-server/websocket-limits', 'maxMessageBytes'], ['limits/memory', 'announces a message of 1 GiB']],
  maxFragments: [['channel-server/websocket-limits', 'maxFragments']],
  messageTimeoutMs: [['channel-server/websocket-deadlines', 'a message that is not complete within 60 s'], ['limits/real-time', 'messageTimeoutMs']],
  maxMessagesPerSecond: [['channel-server/message-rates', 'messages that come steadily within the rate'], ['websocket/inflow', 'counts messages and bytes apart']],
  maxMessageBytesPerSecond: [['channel-server/message-rates', 'worth of bytes at once is answered with 1008'], ['websocket/inflow', 'gives what may have been sent while nobody read']],
  maxQueuedMessages: [['channel-server/receive-order', 'maxQueuedMessages']],
  maxQueuedBytes: [['channel-server/receive-order', 'maxQueuedBytes'], ['limits/memory', 'sends messages that nobody takes']],
  pingIntervalMs: [['channel-server/websocket-deadlines', 'pings after 25 s of silence'], ['limits/real-time', 'pingIntervalMs']],
  pongTimeoutMs: [['channel-server/websocket-deadlines', 'no byte within 20 s of a ping'], ['limits/real-time', 'pongTimeoutMs']],
  closeTimeoutMs: [['channel-server/websocket-deadlines', 'a client that does not answer our Close'], ['limits/real-time', 'closeTimeoutMs']],
  softBufferBytes: [['channel-server/backpressure', 'onDrain fires when it was taken'], ['limits/pipelining', 'reads nothing of'], ['limits/memory', 'reads nothing of a streamed response']],
  maxBufferedBytes: [['channel-server/backpressure', 'is closed at the cap'], ['limits/memory', 'reads nothing of what a channel sends']],
};

/** These bound nothing that a client does. */
const NO_LIMITS = ['port', 'backlog', 'heartbeatIntervalMs'];

test('every number among the options is in the table of what holds it', () => {
  const numbers = Object.entries(resolveOptions({})).flatMap(([name, value]) => (typeof value === 'number' ? [name] : []));
  assert.deepEqual([...Object.keys(LIMITS), ...NO_LIMITS].sort(), numbers.sort());
});

test('every deadline is held in real time', () => {
  const untold = Object.entries(LIMITS).filter(([name, held]) => name.endsWith('Ms') && !held.some(([file, words]) => file === 'limits/real-time' && words === name));
  assert.deepEqual(untold.map(([name]) => name), []);
});

for (const [name, held] of Object.entries(LIMITS)) {
  test(`the tests that hold ${name} are there`, () => {
    for (const [file, words] of held) assert.ok(readDocument(`test/${file}.test.ts`).includes(words), `test/${file}.test.ts has no test of «${words}»`);
  });
}
