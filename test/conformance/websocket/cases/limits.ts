/** Sections 9 and 10: large messages, many fragments, tiny pieces, round trips. */

import type { Case, RoundTrips } from '../case.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const MESSAGE_SIZES = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
const FRAGMENT_SIZES = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
const PIECE_SIZES = [64, 128, 256, 512, 1024, 2048];
const ROUND_TRIP_SIZES = [0, 16, 64, 256, 1024, 4096];
const ROUND_TRIPS = 1000;
const BRIEF_ROUND_TRIPS = 50;

type Form = 'text' | 'binary message';
type Shape = Pick<RoundTrips, 'fragment' | 'endsEmpty' | 'writing'>;

/** Messages of so many octets, one behind the other. They are not kept: they are large. */
function messages(id: string, form: Form, octets: number, how: string, count: number, shape: Shape = {}): RoundTrips {
  const isText = form === 'text';
  const pattern = isText ? 'BAsd7&jh23' : Buffer.of(0x00, 0xfe, 0x23, 0xfa, 0xf0);
  const title = count === 1 ? `a ${form} of ${size(octets)}${how}` : `${count} times a ${form} of ${size(octets)}`;
  return { kind: 'round trips', id, title, isText, count, briefCount: Math.min(count, BRIEF_ROUND_TRIPS), message: () => Buffer.alloc(octets, pattern), ...shape };
}

/** A subsection for texts and the next for binary messages. */
function both<T>(subsection: number, values: readonly T[], make: (id: string, form: Form, value: T) => RoundTrips): RoundTrips[] {
  const forms: readonly Form[] = ['text', 'binary message'];
  return forms.flatMap((form, i) => values.map((value, j) => make(`9.${subsection + i}.${j + 1}`, form, value)));
}

function size(octets: number): string {
  if (octets >= MIB) return `${octets / MIB} MiB`;
  return octets >= KIB ? `${octets / KIB} KiB` : `${octets} octets`;
}

export const LIMITS: readonly Case[] = [
  ...both(1, MESSAGE_SIZES, (id, form, octets) => messages(id, form, octets, '', 1)),
  // Behind 65,536 fragments of 64 octets comes an empty one.
  ...both(3, FRAGMENT_SIZES, (id, form, fragment) => messages(id, form, 4 * MIB, ` in fragments of ${size(fragment)}`, 1, { fragment, endsEmpty: true })),
  ...both(5, PIECE_SIZES, (id, form, octets) => messages(id, form, MIB, ` written ${size(octets)} at a time`, 1, { writing: { octets } })),
  ...both(7, ROUND_TRIP_SIZES, (id, form, octets) => messages(id, form, octets, '', ROUND_TRIPS)),
  messages('10.1.1', 'text', 64 * KIB, ' in fragments of 1300 octets', 1, { fragment: 1300 }),
];
