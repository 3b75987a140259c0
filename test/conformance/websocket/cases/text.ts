/** Section 6: UTF-8 that is valid, that is not, and that must be failed before it has come whole. */

import { clientFrame } from '../../../support/frames.js';
import type { Case, Exchange, FailFast } from '../case.js';
import { answered, echoText, failed, fragments, more, text } from './builders.js';

/** «Kosme» in Greek letters of two and three octets. */
const KOSME = hex('ce ba e1 bd b9 cf 83 ce bc ce b5');
const EDITED = Buffer.from('edited');
/** A surrogate stands in it. */
export const INVALID_TEXT = Buffer.concat([KOSME, hex('ed a0 80'), EDITED]);
const ACCENTS = 'Hello-µ@ßöäüàá-UTF-8!!';

/** Each octet a fragment of its own. */
function octets(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (octet) => Buffer.of(octet));
}

const IN_FRAGMENTS: readonly Exchange[] = [
  answered('6.1.1', 'an empty text', [text('')], [echoText('')]),
  answered('6.1.2', 'a text in three empty fragments', fragments(['', '', '']), [echoText('')]),
  answered('6.1.3', 'a text in three fragments, the outer ones empty', fragments(['', 'middle frame payload', '']), [echoText('middle frame payload')]),
  answered('6.2.1', 'a valid text', [text(ACCENTS)], [echoText(ACCENTS)]),
  answered('6.2.2', 'a valid text in two fragments, cut between characters', fragments([ACCENTS.slice(0, 11), ACCENTS.slice(11)]), [echoText(ACCENTS)]),
  answered('6.2.3', 'a valid text in fragments of one octet', fragments(octets(Buffer.from(ACCENTS))), [echoText(ACCENTS)]),
  answered('6.2.4', 'another valid text in fragments of one octet', fragments(octets(KOSME)), [echoText(KOSME)]),
  failed('6.3.1', 'an invalid text', [text(INVALID_TEXT)], 1007),
  failed('6.3.2', 'an invalid text in fragments of one octet', fragments(octets(INVALID_TEXT)), 1007),
];

/** A character beyond the last, cut behind the octet that makes it so. */
const BEYOND = hex('f4 90 80 80');
const CUT_AROUND: FailFast['parts'] = [KOSME, BEYOND, EDITED];
const CUT_WITHIN: FailFast['parts'] = [Buffer.concat([KOSME, BEYOND.subarray(0, 1)]), BEYOND.subarray(1, 2), Buffer.concat([BEYOND.subarray(2), EDITED])];

function inFrames(parts: FailFast['parts']): FailFast['parts'] {
  const [first, second, third] = parts;
  return [clientFrame(text(first, { fin: false })), clientFrame(more(second, { fin: false })), clientFrame(more(third))];
}

/** The header goes with the first part. */
function inPieces(parts: FailFast['parts']): FailFast['parts'] {
  const frame = clientFrame(text(Buffer.concat(parts)));
  const cuts = [frame.length - parts[1].length - parts[2].length, frame.length - parts[2].length];
  return [frame.subarray(0, cuts[0]), frame.subarray(cuts[0], cuts[1]), frame.subarray(cuts[1])];
}

const FAIL_FAST: readonly FailFast[] = [
  { kind: 'fail fast', id: '6.4.1', title: 'three fragments, the second invalid', parts: inFrames(CUT_AROUND) },
  { kind: 'fail fast', id: '6.4.2', title: 'three fragments, the second of one octet, which is invalid behind the first', parts: inFrames(CUT_WITHIN) },
  { kind: 'fail fast', id: '6.4.3', title: 'three pieces of one frame, the second invalid', parts: inPieces(CUT_AROUND) },
  { kind: 'fail fast', id: '6.4.4', title: 'three pieces of one frame, the second of one octet, which is invalid behind the first', parts: inPieces(CUT_WITHIN) },
];

/** Sequences by their number behind the 6; those that are invalid stand apart in each list. */
interface Sequences {
  readonly name: string;
  readonly valid?: readonly Buffer[];
  readonly invalid?: readonly Buffer[];
}

const INCOMPLETE = ['c0', 'e0 80', 'f0 80 80', 'f8 80 80 80', 'fc 80 80 80 80', 'df', 'ef bf', 'f7 bf bf', 'fb bf bf bf', 'fd bf bf bf bf'].map(hex);
const LONELY: readonly (readonly [first: number, behindLast: number])[] = [[0xc0, 0xdf], [0xe0, 0xef], [0xf0, 0xf7], [0xf8, 0xfb], [0xfc, 0xfd]];
const CHARACTER_ENDS = [0xfffe, 0xffff, ...Array.from({ length: 16 }, (_, i) => [(i + 1) * 0x10000 + 0xfffe, (i + 1) * 0x10000 + 0xffff]).flat()];

/** From 6.5 on. */
const SEQUENCES: readonly Sequences[] = [
  { name: 'a valid text', valid: [Buffer.from('hello$world'), Buffer.from('hello¢world'), Buffer.from('hello€world'), Buffer.from('hello\u{24b62}world'), KOSME] },
  { name: 'the beginning of a valid text' },
  { name: 'the first sequence of its length', valid: ['00', 'c2 80', 'e0 a0 80', 'f0 90 80 80'].map(hex) },
  { name: 'the first sequence of a length that is too long', invalid: ['f8 88 80 80 80', 'fc 84 80 80 80 80'].map(hex) },
  { name: 'the last sequence of its length', valid: ['7f', 'df bf', 'ef bf bf', 'f4 8f bf bf'].map(hex) },
  { name: 'the last sequence of a length, beyond Unicode', invalid: ['f7 bf bf bf', 'fb bf bf bf bf', 'fd bf bf bf bf bf'].map(hex) },
  { name: 'a sequence at some limit', valid: ['ed 9f bf', 'ee 80 80', 'ef bf bd', 'f4 8f bf bf'].map(hex), invalid: ['f4 90 80 80'].map(hex) },
  { name: 'continuation octets alone', invalid: [...['80', 'bf', '80 bf', '80 bf 80', '80 bf 80 bf', '80 bf 80 bf 80', '80 bf 80 bf 80 bf'].map(hex), range(0x80, 0xbf)] },
  { name: 'starting octets alone', invalid: LONELY.map(([first, behindLast]) => Buffer.concat(octets(range(first, behindLast)).map((octet) => Buffer.from([...octet, 0x20])))) },
  { name: 'a sequence without its last octet', invalid: INCOMPLETE },
  { name: 'sequences without their last octets', invalid: [Buffer.concat(INCOMPLETE)] },
  { name: 'octets that never occur', invalid: ['fe', 'ff', 'fe fe ff ff'].map(hex) },
  { name: 'a slash, longer than need be', invalid: ['c0 af', 'e0 80 af', 'f0 80 80 af', 'f8 80 80 80 af', 'fc 80 80 80 80 af'].map(hex) },
  { name: 'the last character of a shorter length', invalid: ['c1 bf', 'e0 9f bf', 'f0 8f bf bf', 'f8 87 bf bf bf', 'fc 83 bf bf bf bf'].map(hex) },
  { name: 'NUL, longer than need be', invalid: ['c0 80', 'e0 80 80', 'f0 80 80 80', 'f8 80 80 80 80', 'fc 80 80 80 80 80'].map(hex) },
  { name: 'a surrogate', invalid: ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf', 'ed b0 80', 'ed be 80', 'ed bf bf'].map(hex) },
  { name: 'a pair of surrogates', invalid: ['ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf'].flatMap((high) => ['ed b0 80', 'ed bf bf'].map((low) => hex(`${high} ${low}`))) },
  { name: 'a code point that is no character', valid: CHARACTER_ENDS.map((each) => Buffer.from(String.fromCodePoint(each))) },
  { name: 'a special character', valid: [0xfff9, 0xfffa, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff].map((each) => Buffer.from(String.fromCodePoint(each))) },
];

/** A text that is cut is valid where no character is. */
function beginnings(): Exchange[] {
  const valid = [2, 5, 7, 9, 11];
  return Array.from({ length: KOSME.length }, (_, i) => sequence(`6.6.${i + 1}`, SEQUENCES[1]!.name, KOSME.subarray(0, i + 1), valid.includes(i + 1)));
}

function sequence(id: string, name: string, bytes: Buffer, isValid: boolean): Exchange {
  const title = `${name}: ${bytes.toString('hex')}`;
  return isValid ? answered(id, title, [text(bytes)], [echoText(bytes)]) : failed(id, title, [text(bytes)], 1007);
}

function sequences(): Exchange[] {
  return SEQUENCES.flatMap(({ name, valid = [], invalid = [] }, i) => {
    if (i === 1) return beginnings();
    return [...valid, ...invalid].map((bytes, j) => sequence(`6.${i + 5}.${j + 1}`, name, bytes, j < valid.length));
  });
}

function hex(octets: string): Buffer {
  return Buffer.from(octets.replaceAll(' ', ''), 'hex');
}

function range(first: number, behindLast: number): Buffer {
  return Buffer.from(Array.from({ length: behindLast - first }, (_, i) => first + i));
}

export const TEXT: readonly Case[] = [...IN_FRAGMENTS, ...FAIL_FAST, ...sequences()];
