/** Section 5: messages in fragments, control frames between them, and continuations of nothing. */

import type { Case, Exchange, Step, Writing } from '../case.js';
import { answered, echoPong, echoText, failed, fragments, more, ping, pong, text } from './builders.js';

const WRITINGS: readonly Writing[] = ['at once', 'frame by frame', 'octet by octet'];
const TWO = fragments(['fragment1', 'fragment2']);
const BOTH = echoText('fragment1fragment2');

/** The same three cases in a row, that differ in how they are written. */
function threeWays(first: number, make: (id: string, writing: Writing) => Exchange): Exchange[] {
  return WRITINGS.map((writing, i) => make(`5.${first + i}`, writing));
}

function strayContinuation(first: number, fin: boolean): Exchange[] {
  const steps = [more('non-continuation payload', { fin }), text('Hello, world!')];
  return threeWays(first, (id, writing) => failed(id, `a continuation of nothing with FIN ${fin ? 'set' : 'clear'}, and a text, ${writing}`, steps, 1002, [], { writing }));
}

/** A continuation of nothing ahead of a message in two fragments, twice. */
function repeated(id: string, fin: boolean): Exchange {
  const once: Step[] = [more('fragment1', { fin }), ...fragments(['fragment2', 'fragment3'])];
  return failed(id, `a continuation of nothing with FIN ${fin ? 'set' : 'clear'}, and a message in two fragments, twice`, [...once, ...once], 1002);
}

const FIVE = fragments(['fragment1', 'fragment2', 'fragment3', 'fragment4', 'fragment5']);
const PINGS_IN_FIVE: Step[] = [...FIVE.slice(0, 2), ping('pongme 1!'), { awaitAnswers: 1 }, ...FIVE.slice(2, 4), ping('pongme 2!'), FIVE[4]!];
const ANSWERS_TO_FIVE = [echoPong('pongme 1!'), echoPong('pongme 2!'), echoText('fragment1fragment2fragment3fragment4fragment5')];

export const FRAGMENTATION: readonly Case[] = [
  failed('5.1', 'a Ping in two fragments', [ping('fragment1', { fin: false }), more('fragment2')], 1002),
  failed('5.2', 'a Pong in two fragments', [pong('fragment1', { fin: false }), more('fragment2')], 1002),
  ...threeWays(3, (id, writing) => answered(id, `a text in two fragments, ${writing}`, TWO, [BOTH], { writing })),
  ...threeWays(6, (id, writing) => answered(id, `a text in two fragments and a Ping between, ${writing}`, [TWO[0]!, ping('ping payload'), TWO[1]!], [echoPong('ping payload'), BOTH], { writing })),
  ...strayContinuation(9, true),
  ...strayContinuation(12, false),
  failed('5.15', 'a text in two fragments, a continuation of nothing, and a text', [...TWO, more('fragment3', { fin: false }), text('fragment4')], 1002, [BOTH]),
  repeated('5.16', false),
  repeated('5.17', true),
  failed('5.18', 'a text that begins within another', [text('fragment1', { fin: false }), text('fragment2')], 1002),
  answered('5.19', 'a text in five fragments with two Pings between', PINGS_IN_FIVE, ANSWERS_TO_FIVE),
  answered('5.20', 'a text in five fragments with two Pings between, frame by frame', PINGS_IN_FIVE, ANSWERS_TO_FIVE, { writing: 'frame by frame' }),
];
