/** The server that parses nothing counts bytes, and answers as often as whole requests have come. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { LimitPlan } from '../../bench/measurement.js';
import { RunningServer } from '../../bench/servers.js';
import { RawClient } from '../support/raw-client.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PLAN: LimitPlan = { openingBytes: 0, opening: '', requestBytes: 4, answer: base64('answer;'), isLast: false, isShared: false };

async function startLimit(t: TestContext, plan: Partial<LimitPlan>, waiting?: number): Promise<number> {
  const server = await RunningServer.start('limit', { application: 'limit', waiting }, process.execPath, undefined);
  t.after(() => server.stop());
  await server.ask('answer', { ...PLAN, ...plan });
  return server.port;
}

test('a request that comes in pieces is answered when it is whole, several that come at once together', async (t) => {
  const client = await RawClient.open(t, await startLimit(t, {}));
  await client.send('1234' + '12');
  assert.equal((await client.readBytes(7)).toString(), 'answer;');
  await client.send('34' + '1234' + '1');
  assert.equal((await client.readBytes(14)).toString(), 'answer;answer;');
  await client.send('234');
  assert.equal((await client.readBytes(7)).toString(), 'answer;');
});

test('what a connection begins with has an answer of its own', async (t) => {
  const client = await RawClient.open(t, await startLimit(t, { openingBytes: 6, opening: base64('welcome;') }));
  await client.send('open');
  await client.send('ed' + '1234');
  assert.equal((await client.readBytes(15)).toString(), 'welcome;answer;');
});

test('the length of requests is that of the first head, where it is not known', async (t) => {
  const client = await RawClient.open(t, await startLimit(t, { requestBytes: 0 }));
  await client.send('GET /\r\n\r\nGET /\r\n\r\n');
  assert.equal((await client.readBytes(14)).toString(), 'answer;answer;');
});

test('the connection ends behind an answer where it is the last', async (t) => {
  const client = await RawClient.open(t, await startLimit(t, { isLast: true }));
  await client.send('1234');
  assert.equal(await client.readToEnd(), 'answer;');
});

test('long polls are answered when all wait', async (t) => {
  const port = await startLimit(t, {}, 2);
  const [first, second] = [await RawClient.open(t, port), await RawClient.open(t, port)];
  await first.send('1234');
  await second.send('1234');
  assert.equal((await first.readBytes(7)).toString(), 'answer;');
  assert.equal((await second.readBytes(7)).toString(), 'answer;');
});

test('an answer that is shared goes to all that are open', async (t) => {
  const port = await startLimit(t, { isShared: true, openingBytes: 1, opening: base64('!') });
  const [first, second] = [await RawClient.open(t, port), await RawClient.open(t, port)];
  for (const client of [first, second]) {
    await client.send('o');
    assert.equal((await client.readBytes(1)).toString(), '!');
  }
  await second.send('1234');
  assert.equal((await first.readBytes(7)).toString(), 'answer;');
  assert.equal((await second.readBytes(7)).toString(), 'answer;');
});
