/** The shortest way through everything: a response over a real socket. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from './support/server.js';

test('answers a request with what the handler returns', async (t) => {
  const { url } = await startServer(t, () => 'hello');
  const response = await fetch(url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(await response.text(), 'hello');
});
