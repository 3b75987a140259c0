/** Sections 12 and 13: permessage-deflate, with data of five kinds, and with seven sets of offers. */

import type { Case, RoundTrips } from '../case.js';
import { ALL_DATA, excerpt, JSON_DATA, type TestData } from '../data.js';
import { type DeflateOffer, offersText } from '../deflate-offer.js';

const KIB = 1024;
const MESSAGES = 1000;
const BRIEF_MESSAGES = 10;

/** The octets of a message, and those of a fragment of what they are compressed to. */
const SHAPES: readonly (readonly [octets: number, fragment?: number])[] = [
  ...[16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB].map((octets) => [octets] as const),
  ...[8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB].map((octets) => [octets, 256] as const),
  ...[KIB, 4 * KIB, 32 * KIB].map((fragment) => [128 * KIB, fragment] as const),
];

const OFFERS: readonly (readonly DeflateOffer[])[] = [
  [{}],
  [{ serverNoContextTakeover: true }],
  [{ serverMaxWindowBits: 9 }],
  [{ serverMaxWindowBits: 15 }],
  [{ serverNoContextTakeover: true, serverMaxWindowBits: 9 }],
  [{ serverNoContextTakeover: true, serverMaxWindowBits: 15 }],
  [{ serverNoContextTakeover: true, serverMaxWindowBits: 9 }, { serverNoContextTakeover: true }, {}],
];

function cases(subsection: string, name: string, data: TestData, offers: readonly DeflateOffer[]): RoundTrips[] {
  return SHAPES.map(([octets, fragment], i) => ({
    kind: 'round trips',
    id: `${subsection}.${i + 1}`,
    title: `${MESSAGES} times ${octets} octets${fragment === undefined ? '' : ` in fragments of ${fragment}`}, ${name}`,
    isText: data.isText,
    count: MESSAGES,
    briefCount: BRIEF_MESSAGES,
    message: (index) => excerpt(data, index * octets, octets),
    offers,
    ...(fragment === undefined ? {} : { fragment }),
  }));
}

export const COMPRESSION: readonly Case[] = [
  ...ALL_DATA.flatMap((data, i) => cases(`12.${i + 1}`, data.name, data, [{}])),
  ...OFFERS.flatMap((offers, i) => cases(`13.${i + 1}`, `offering ${offersText(offers)}`, JSON_DATA, offers)),
];
