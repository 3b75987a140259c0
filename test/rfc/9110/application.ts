/** §11 to §14: authentication, negotiation, conditions and ranges are the application's. The server hands their fields over as they are. */

import type { Rule } from '../../support/rfc.js';
import { request } from '../../support/requests.js';

const THE_RESOURCE = 'the application\'s: the server does not know the resource';
const CONDITIONS = 'the application\'s: the server evaluates no conditions, and hands their fields over';
const RANGES = 'the application\'s: the server sends no ranges, and hands Range over';

const GIVEN = 'Range: bytes=0-1\r\nIf-None-Match: "a"\r\nIf-Match: "b"\r\nIf-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\nAccept-Encoding: gzip\r\nAuthorization: Basic YTpi\r\n';

export const APPLICATION: readonly Rule[] = [
  { section: '11.4', level: 'SHOULD', rule: 'An origin server answers 401 to a request for a protected resource without valid credentials.', because: THE_RESOURCE },
  { section: '11.5', level: 'MUST', rule: 'A sender writes a realm as a quoted string only.', because: 'the application\'s: the server makes no challenges' },
  { section: '11.6.1', level: 'MUST', rule: 'A server sends WWW-Authenticate with a 401.', because: 'the application\'s: a 401 is always its own, and only it knows the challenge' },
  { section: '12.5.5', level: 'SHOULD', rule: 'An origin server names in Vary the fields by which it selected the representation.', because: THE_RESOURCE },
  { section: '13.1', level: 'MUST NOT', rule: 'An origin server does not perform a method whose condition (If-Match, If-None-Match, If-Unmodified-Since) is false.', because: CONDITIONS },
  { section: '13.1.3', level: 'MUST', rule: 'A recipient ignores an If-Modified-Since that is no date, stands beside If-None-Match, or comes with another method than GET and HEAD.', because: CONDITIONS },
  { section: '13.1.4', level: 'MUST', rule: 'A recipient ignores an If-Unmodified-Since that is no date, or stands beside If-Match.', because: CONDITIONS },
  { section: '13.1.5', level: 'MUST', rule: 'A server ignores If-Range without Range.', because: CONDITIONS },
  { section: '13.2.1', level: 'MUST', rule: 'A server ignores conditions where its answer without them would be neither 2xx nor 412.', because: CONDITIONS },
  { section: '13.2.2', level: 'MUST', rule: 'An origin server evaluates conditions in their order of precedence.', because: CONDITIONS },
  {
    section: '14.2',
    level: 'MAY',
    rule: 'A server may ignore Range.',
    cases: [
      { name: 'sends the whole of what the application gives, whatever range and condition the client names', bytes: request('/', GIVEN), answered: [{ status: 200, fields: { 'content-range': null, 'content-length': '5' }, body: 'hello' }] },
      {
        name: 'hands ranges, conditions, preferences and credentials over as they are',
        bytes: request('/', GIVEN),
        parsed: {
          handed: {
            headers: {
              host: 'localhost',
              range: 'bytes=0-1',
              'if-none-match': '"a"',
              'if-match': '"b"',
              'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT',
              'accept-encoding': 'gzip',
              authorization: 'Basic YTpi',
            },
          },
        },
      },
    ],
  },
  { section: '14.2', level: 'MUST', rule: 'A server ignores Range with a method for which it has no meaning, or with a unit that it does not know.', because: RANGES },
  { section: '14.4', level: 'MUST', rule: 'A server that sends one range tells which it is in Content-Range.', because: RANGES },
  { section: '14.5', level: 'SHOULD', rule: 'An origin server that takes no partial PUT answers 400 to a PUT with Content-Range.', because: THE_RESOURCE },
];
