/** The program in docs/SCALING.md that takes a bus does what is said there. */

import assert from 'node:assert/strict';
import { redisTest } from '../support/bus-servers.js';
import { codeBlocksOf, readDocument } from '../support/documents.js';
import { replaceAll } from '../support/proxies.js';
import { compilePrograms, runProgram } from '../support/readme-programs.js';
import { ResumingClient } from '../support/resuming-client.js';
import { until } from '../support/signals.js';

redisTest('the program under «Several machines, over Redis» reaches clients of other processes, and goes on at another', async (t, start) => {
  const redis = await start();
  const block = codeBlocksOf(readDocument('docs/SCALING.md')).find(({ title, language }) => title === 'Several machines, over Redis' && language === 'ts')!;
  const programs = compilePrograms([{ ...block, code: replaceAll(block.code, { '127.0.0.1:6379': `127.0.0.1:${redis.port}` }) }]);
  t.after(() => programs.remove());
  assert.equal(programs.complaints, '');
  const [one, two] = [await runProgram(t, programs, 0), await runProgram(t, programs, 0)];
  const client = new ResumingClient(t, '');
  client.connect(one.url, 'socket');
  await until(() => client.position !== '', 'the position');
  const say = (text: string): Promise<Response> => fetch(two.url, { method: 'POST', body: text });
  await say('hello');
  await until(() => client.heard.length === 1, 'the first message');
  one.child.kill('SIGKILL');
  client.cut();
  await say('again');
  client.connect(two.url, 'socket');
  await until(() => client.heard.length === 2, 'the second message');
  assert.deepEqual(client.heard.map((each) => each.split(' ')[1]), ['hello', 'again']);
  await redis.stop();
  await two.printed('lost');
});
