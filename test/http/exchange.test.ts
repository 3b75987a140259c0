/** How a response is framed, for every kind of method, version, status and body: RFC 9110 §8.6 and RFC 9112 §6. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestHead } from '#src/http/events.js';
import { isBodiless, responseFraming } from '#src/http/exchange.js';
import { parseHead } from '#src/http/head.js';
import { LIMITS } from '../support/http-events.js';

const REQUESTS = {
  'GET 1.1': 'GET / HTTP/1.1',
  'GET 1.0': 'GET / HTTP/1.0',
  'HEAD 1.1': 'HEAD / HTTP/1.1',
  'HEAD 1.0': 'HEAD / HTTP/1.0',
  'CONNECT 1.1': 'CONNECT a:443 HTTP/1.1',
  'CONNECT 1.0': 'CONNECT a:443 HTTP/1.0',
} as const;

/** A body whose length is known, or one that is streamed; alone, or with a Content-Length of the application. */
const BODIES = {
  whole: [7, undefined],
  empty: [0, undefined],
  'whole, declared': [7, 9],
  streamed: [undefined, undefined],
  'streamed, declared': [undefined, 9],
} as const;

type Request = keyof typeof REQUESTS;
type Framings = readonly [whole: string, empty: string, wholeDeclared: string, streamed: string, streamedDeclared: string];

/** The framing of each of the bodies, in their order: none, a length, chunked, or until the close. */
const FRAMINGS: readonly [requests: readonly Request[], statuses: readonly number[], framings: Framings][] = [
  [['GET 1.1'], [200, 206, 302, 404, 500], ['7', '0', '7', 'chunked', '9']],
  [['GET 1.0'], [200, 206, 302, 404, 500], ['7', '0', '7', 'until-close', '9']],
  [['HEAD 1.1', 'HEAD 1.0'], [200, 206, 302, 404, 500], ['7', '0', '7', 'none', '9']],
  [['GET 1.1', 'GET 1.0', 'HEAD 1.1', 'HEAD 1.0', 'CONNECT 1.1', 'CONNECT 1.0'], [204], ['none', 'none', 'none', 'none', 'none']],
  [['GET 1.1', 'GET 1.0', 'HEAD 1.1', 'HEAD 1.0'], [205], ['0', '0', '0', '0', '0']],
  [['GET 1.1', 'GET 1.0', 'HEAD 1.1', 'HEAD 1.0', 'CONNECT 1.1', 'CONNECT 1.0'], [304], ['none', 'none', '9', 'none', '9']],
  // RFC 9110 §8.6: a 2xx to CONNECT has neither a Content-Length nor a Transfer-Encoding.
  [['CONNECT 1.1', 'CONNECT 1.0'], [200, 205, 206, 299], ['none', 'none', 'none', 'none', 'none']],
  [['CONNECT 1.1'], [302, 404, 500], ['7', '0', '7', 'chunked', '9']],
  [['CONNECT 1.0'], [302, 404, 500], ['7', '0', '7', 'until-close', '9']],
];

function headOf(request: Request): RequestHead {
  return parseHead(`${REQUESTS[request]}\r\nHost: a\r\n\r\n`, LIMITS);
}

for (const [requests, statuses, framings] of FRAMINGS) {
  for (const request of requests) {
    test(`frames the response to ${request} with status ${statuses.join(', ')}`, () => {
      for (const status of statuses) {
        for (const [i, [body, [length, declared]]] of Object.entries(BODIES).entries()) {
          const framing = responseFraming(headOf(request), status, length, declared);
          assert.equal(framing.kind === 'length' ? String(framing.length) : framing.kind, framings[i], `${status}, ${body}`);
        }
      }
    });
  }
}

test('tells the Content-Length that the application declares for a HEAD without a body, which is that of GET', () => {
  for (const request of ['HEAD 1.1', 'HEAD 1.0'] as const) assert.deepEqual(responseFraming(headOf(request), 200, 0, 9), { kind: 'length', length: 9 });
});

test('knows which responses never have a body', () => {
  const bodiless = (request: Request): number[] => [200, 204, 205, 206, 302, 304, 404, 500].filter((status) => isBodiless(headOf(request), status));
  for (const version of ['1.0', '1.1'] as const) {
    assert.deepEqual(bodiless(`GET ${version}`), [204, 205, 304]);
    assert.deepEqual(bodiless(`HEAD ${version}`), [200, 204, 205, 206, 302, 304, 404, 500]);
    assert.deepEqual(bodiless(`CONNECT ${version}`), [200, 204, 205, 206, 304]);
  }
});

test('never frames a body as chunked or until the close where there is none', () => {
  for (const request of Object.keys(REQUESTS) as Request[]) {
    for (let status = 200; status < 600; status++) {
      if (!isBodiless(headOf(request), status)) continue;
      for (const [length, declared] of Object.values(BODIES)) {
        const { kind } = responseFraming(headOf(request), status, length, declared);
        assert.ok(kind === 'none' || kind === 'length', `${request} ${status}`);
      }
    }
  }
});
