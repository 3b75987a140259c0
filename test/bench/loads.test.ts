/** What loads send is what servers understand, and what they count is what came. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameDecoder } from '#src/websocket/decoder.js';
import { askTraffic, MARK, memberTraffic, trafficOf, type TrafficSpec } from '../../bench/traffic.js';
import { WORKLOADS } from '../../bench/workloads.js';
import { parseWrk } from '../../bench/wrk.js';
import { headOf } from '../support/http-events.js';
import { serverFrame } from '../support/frame-events.js';

const HTTP = { kind: 'http', head: 'plain', bodyBytes: 0, expect: 'hello' } as const satisfies TrafficSpec;

test('the head of a browser has 14 lines, and the differing one differs in target and cookie alone', () => {
  const browser = trafficOf({ ...HTTP, head: 'browser' });
  assert.equal(headOf(browser.request.toString('latin1')).fields.length / 2, 14);
  const differing = trafficOf({ ...HTTP, head: 'differing' });
  assert.equal(differing.template.toString('latin1').split(MARK).length, 3);
  assert.equal(differing.template.length, differing.request.length);
  const { target, fields } = headOf(differing.request.toString('latin1'));
  assert.equal(target, '/items/00000000');
  assert.match(fields.at(-1)!, /seen=00000000$/);
});

test('every request over HTTP is valid, with its body behind it', () => {
  for (const { traffic, name } of WORKLOADS) {
    if (traffic.kind !== 'http') continue;
    const { request, template } = trafficOf(traffic);
    const [head, body] = request.toString('latin1').split('\r\n\r\n') as [string, string];
    assert.equal(headOf(`${head}\r\n\r\n${body}`).method, traffic.bodyBytes > 0 ? 'POST' : 'GET', name);
    assert.equal(body.length, traffic.bodyBytes, name);
    assert.equal(template.length, request.length, name);
  }
});

test('every message is one valid frame', () => {
  for (const { traffic, name } of WORKLOADS) {
    if (traffic.kind === 'http') continue;
    const decoder = new FrameDecoder({ maxMessageBytes: 2 ** 21, maxFragments: 0 }, 4);
    decoder.push(trafficOf(traffic).request);
    const event = decoder.next();
    assert.equal(event?.type, traffic.kind === 'websocket' && traffic.isCompressed === true ? 'compressed' : 'message', name);
    assert.equal(decoder.isInMessage, false, name);
  }
});

test('an answer over HTTP is as long as its head says, or as its chunks are, and incomplete before', () => {
  const { answerLength } = trafficOf(HTTP);
  const sized = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
  for (const answer of [sized, chunked]) {
    for (let length = 0; length < answer.length; length++) assert.equal(answerLength(Buffer.from(answer.slice(0, length))), undefined, String(length));
    assert.equal(answerLength(Buffer.from(`${answer}HTTP/1.1 200 OK`)), answer.length);
  }
});

test('an answer with another status or body is refused', () => {
  const { checkAnswer } = trafficOf(HTTP);
  checkAnswer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'));
  checkAnswer(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'));
  assert.throws(() => checkAnswer(Buffer.from('HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nhello')), /no 200/);
  assert.throws(() => checkAnswer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo')), /body/);
});

test('a message that comes back has to be the same', () => {
  const { answerLength, checkAnswer } = trafficOf({ kind: 'websocket', type: 'text', messageBytes: 300 });
  const echo = serverFrame(`text ${'x'.repeat(300)}`);
  assert.equal(answerLength(echo.subarray(0, -1)), undefined);
  assert.equal(answerLength(Buffer.concat([echo, echo])), echo.length);
  checkAnswer(echo);
  assert.throws(() => checkAnswer(serverFrame(`text ${'y'.repeat(300)}`)), /another/);
});

test('a compressed message that comes back has to be compressed', () => {
  const { request, checkAnswer } = trafficOf({ kind: 'websocket', type: 'text', messageBytes: 1024, isCompressed: true });
  assert.ok(request.length < 700, 'JSON that is alike becomes smaller');
  assert.throws(() => checkAnswer(serverFrame('text hello')), /not compressed/);
});

test('an answer to a broadcast has all its messages', () => {
  const { answerLength, checkAnswer } = trafficOf({ kind: 'broadcast', messages: 2 });
  const message = serverFrame(`text ${'x'.repeat(128)}`);
  assert.equal(answerLength(message), undefined);
  assert.equal(answerLength(Buffer.concat([message, message, message])), 2 * message.length);
  checkAnswer(Buffer.concat([message, message]));
  assert.throws(() => checkAnswer(Buffer.concat([message, serverFrame('text short')])), /another length/);
});

const GROUP = { members: ['websocket'], messages: 2, messageBytes: 5 } as const;

test('who joins a group asks for its kind by path, and the asker for so many messages', () => {
  assert.equal(headOf(memberTraffic('poll', GROUP).request.toString('latin1')).target, '/poll');
  for (const kind of ['websocket', 'event-stream', 'stream'] as const) {
    assert.equal(headOf(memberTraffic(kind, GROUP).opening[0]!.bytes.toString('latin1')).target, `/${kind}`);
  }
  assert.equal(headOf(askTraffic(GROUP).request.toString('latin1')).target, '/ask?messages=2');
});

test('what comes to a member over HTTP is complete with its last chunk, and has to be as long as the messages', () => {
  for (const [kind, chunk] of [['stream', '5\r\nhello\r\n'], ['event-stream', 'd\r\ndata: hello\n\n\r\n']] as const) {
    const { answerLength, checkAnswer } = memberTraffic(kind, GROUP);
    for (let length = 0; length < 2 * chunk.length; length++) assert.equal(answerLength(Buffer.from((chunk + chunk).slice(0, length))), undefined, `${kind}, ${length} bytes`);
    assert.equal(answerLength(Buffer.from(chunk.repeat(3))), 2 * chunk.length);
    checkAnswer(Buffer.from(chunk + chunk));
    assert.throws(() => checkAnswer(Buffer.from(`${chunk}3\r\nbye\r\n`)), /another length/);
  }
  const { checkAnswer } = memberTraffic('poll', GROUP);
  checkAnswer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'));
  assert.throws(() => checkAnswer(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')), /no 200/);
  assert.throws(() => checkAnswer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbye')), /body/);
});

test('what wrk prints is read, whatever else it prints', () => {
  const output = 'Running 1s test @ http://127.0.0.1:1\n  Requests/sec: 12.0\n{"requests":200,"micros":1000000,"errors":0,"p50":10,"p99":20,"p999":30}\n';
  assert.deepEqual(parseWrk(output), { operations: 200, seconds: 1, latency: { p50: 10, p99: 20, p999: 30 } });
});

test('errors that wrk met, and a wrk that got nothing, are no measurement', () => {
  assert.throws(() => parseWrk('{"requests":200,"micros":1000000,"errors":3,"p50":10,"p99":20,"p999":30}'), /3 errors/);
  assert.throws(() => parseWrk('{"requests":0,"micros":1000000,"errors":0,"p50":0,"p99":0,"p999":0}'), /no answer/);
  assert.throws(() => parseWrk('unable to connect'), /unable to connect/);
});
