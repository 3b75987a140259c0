/** What counts as agreement: the same requests, delivered as far; whichever way the rest was refused. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../fuzz/compare.js';
import type { SeenRequest, Verdict } from '../../fuzz/verdict.js';

const GET: SeenRequest = { method: 'GET', target: '/', isHttp10: false, fields: ['Host', 'a'], body: '', trailers: [], isComplete: true };
const POST: SeenRequest = { ...GET, method: 'POST', body: 'hello' };
const CUT: SeenRequest = { ...POST, body: 'hel', isComplete: false };
const CONNECT: SeenRequest = { ...GET, method: 'CONNECT', target: 'a:443' };

const open = (...requests: SeenRequest[]): Verdict => ({ requests, ending: 'open' });
const closed = (...requests: SeenRequest[]): Verdict => ({ requests, ending: 'closed' });
const refused = (...requests: SeenRequest[]): Verdict => ({ requests, ending: 'HTTP_BAD_METHOD' });

const CASES: readonly [name: string, longwire: Verdict, node: Verdict, outcome: string][] = [
  ['nothing was sent', open(), open(), 'agree 0 head'],
  ['both deliver the same', open(GET, POST), open(GET, POST), 'agree 2 head'],
  ['both deliver the same, and one closes', closed(GET), open(GET), 'agree 1 head'],
  ['both wait for the rest of a body', open(CUT), open({ ...CUT, body: 'hell' }), 'agree 1 head'],
  ['both refuse', refused(GET), refused(GET), 'neither 1 head'],
  ['one refuses what the other waits for', open(GET), refused(GET), 'neither 1 head'],
  ['one refuses in a body that the other waits for', refused(CUT), open(CUT), 'neither 1 head'],
  ['only Longwire goes on', open(GET, POST), refused(GET), 'onlyLongwire 1 head'],
  ['only Longwire goes on behind a close', open(GET, POST), closed(GET), 'onlyLongwire 1 head'],
  ['only node:http goes on', closed(GET), open(GET, POST), 'onlyNode 1 head'],
  ['only Longwire finds the end of a body', open(POST), refused(CUT), 'onlyLongwire 0 body'],
  ['only node:http finds the end of a body', open(CUT), open(POST), 'onlyNode 0 body'],
  ['the methods differ', open(GET), open(POST), 'differ 0 head'],
  ['the targets differ', open(GET), open({ ...GET, target: '/a' }), 'differ 0 head'],
  ['the versions differ', open(GET), open({ ...GET, isHttp10: true }), 'differ 0 head'],
  ['a value differs', open(GET), open({ ...GET, fields: ['Host', 'b'] }), 'differ 0 head'],
  ['a name differs in case', open(GET), open({ ...GET, fields: ['host', 'a'] }), 'differ 0 head'],
  ['a field is missing', open(GET), open({ ...GET, fields: [] }), 'differ 0 head'],
  ['the bodies differ', open(POST), open({ ...POST, body: 'hallo' }), 'differ 0 body'],
  ['a body is longer', open(POST), open({ ...POST, body: 'hello!' }), 'differ 0 body'],
  ['a body that was cut is another', open(CUT), open({ ...POST, body: 'world' }), 'differ 0 body'],
  ['both bodies were cut and differ', open(CUT), open({ ...CUT, body: 'wor' }), 'differ 0 body'],
  ['the trailers differ', open(POST), open({ ...POST, trailers: ['A', 'b'] }), 'differ 0 body'],
  ['the second requests differ', open(GET, GET), open(GET, POST), 'differ 1 head'],
  ['one reads a body behind CONNECT', closed({ ...CONNECT, body: 'x' }), closed(CONNECT), 'agree 1 head'],
  ['the heads of a CONNECT differ', closed(CONNECT), closed({ ...CONNECT, target: 'b:443' }), 'differ 0 head'],
];

for (const [name, longwire, node, expected] of CASES) {
  test(`says ${expected.split(' ')[0]} where ${name}`, () => {
    const { outcome, index, stage } = compare(longwire, node);
    assert.equal(`${outcome} ${index} ${stage}`, expected);
  });
}
