/** What is agreed on for permessage-deflate, given any offers of a client, and what is answered (RFC 6455 §9.1, RFC 7692 §7.1). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateResponse, type DeflateWishes, isExtensionList, negotiateDeflate } from '#src/websocket/extensions.js';

const SHORT: DeflateWishes = { windowBits: 15, contextTakeover: false };
const TAKEOVER: DeflateWishes = { windowBits: 15, contextTakeover: true };

/** The answer to an offer; `undefined` where it is declined. */
function answer(offer: string, wishes: DeflateWishes = TAKEOVER): string | undefined {
  assert.ok(isExtensionList(offer), 'the offer is well-formed');
  const parameters = negotiateDeflate(offer, wishes);
  return parameters && deflateResponse(parameters);
}

const BITS = [8, 9, 10, 11, 12, 13, 14, 15];
const PLAIN = 'permessage-deflate';
const NO_TAKEOVER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

const ACCEPTED: readonly { readonly offer: string; readonly answered: string; readonly wishes?: DeflateWishes }[] = [
  { offer: PLAIN, answered: PLAIN },
  { offer: PLAIN, answered: NO_TAKEOVER, wishes: SHORT },
  { offer: `${PLAIN}; server_no_context_takeover`, answered: `${PLAIN}; server_no_context_takeover` },
  { offer: `${PLAIN}; client_no_context_takeover`, answered: `${PLAIN}; client_no_context_takeover` },
  { offer: `${PLAIN}; client_no_context_takeover; server_no_context_takeover`, answered: NO_TAKEOVER },
  { offer: `${PLAIN}; server_no_context_takeover`, answered: NO_TAKEOVER, wishes: SHORT },
  { offer: `${PLAIN}; client_max_window_bits`, answered: PLAIN },
  { offer: `${PLAIN}; client_max_window_bits`, answered: `${PLAIN}; server_max_window_bits=10; client_max_window_bits=10`, wishes: { ...TAKEOVER, windowBits: 10 } },
  { offer: PLAIN, answered: `${PLAIN}; server_max_window_bits=10`, wishes: { ...TAKEOVER, windowBits: 10 } },
  { offer: `${PLAIN}; server_max_window_bits=12`, answered: `${PLAIN}; server_max_window_bits=10`, wishes: { ...TAKEOVER, windowBits: 10 } },
  { offer: `${PLAIN}; server_max_window_bits=9`, answered: `${PLAIN}; server_max_window_bits=9`, wishes: { ...TAKEOVER, windowBits: 10 } },
  { offer: `${PLAIN}; client_max_window_bits=9`, answered: `${PLAIN}; server_max_window_bits=10; client_max_window_bits=9`, wishes: { ...TAKEOVER, windowBits: 10 } },
  { offer: `${PLAIN}; client_max_window_bits=15`, answered: PLAIN },
  ...BITS.map((bits) => ({ offer: `${PLAIN}; server_max_window_bits=${bits}`, answered: `${PLAIN}; server_max_window_bits=${bits}` })),
  ...BITS.slice(0, -1).map((bits) => ({ offer: `${PLAIN}; client_max_window_bits=${bits}`, answered: `${PLAIN}; client_max_window_bits=${bits}` })),
  {
    offer: `${PLAIN};client_max_window_bits=11;server_max_window_bits=12;client_no_context_takeover;server_no_context_takeover`,
    answered: `${NO_TAKEOVER}; server_max_window_bits=12; client_max_window_bits=11`,
  },
  { offer: `${PLAIN}; server_max_window_bits="10"`, answered: `${PLAIN}; server_max_window_bits=10` },
  { offer: `${PLAIN}; server_max_window_bits="\\1\\0"`, answered: `${PLAIN}; server_max_window_bits=10` },
  { offer: ` \t${PLAIN}\t ;\tserver_max_window_bits \t=\t 10 \t`, answered: `${PLAIN}; server_max_window_bits=10` },
  { offer: `,, ,${PLAIN},`, answered: PLAIN },
  { offer: `x-webkit-deflate-frame, ${PLAIN}`, answered: PLAIN },
  { offer: `x; a=b; c="d"; e, ${PLAIN}`, answered: PLAIN },
  { offer: `${PLAIN}, ${PLAIN}; server_no_context_takeover`, answered: PLAIN },
  { offer: `${PLAIN}; server_no_context_takeover, ${PLAIN}`, answered: `${PLAIN}; server_no_context_takeover` },
  { offer: `${PLAIN}; server_max_window_bits=7, ${PLAIN}; mode=fast, ${PLAIN}; server_max_window_bits=9, ${PLAIN}`, answered: `${PLAIN}; server_max_window_bits=9` },
];

for (const { offer, answered, wishes } of ACCEPTED) {
  const wished = wishes === undefined ? '' : ` where ${wishes.windowBits} bits and ${wishes.contextTakeover ? '' : 'no '}takeover are wished for`;
  test(`answers the offer «${offer}» with «${answered}»${wished}`, () => assert.equal(answer(offer, wishes), answered));
}

const NO_BITS = ['', '0', '7', '16', '08', '015', '1', '150', '-9', '+9', '9.0', '0x9', '1e1', 'a', '٩'];

const DECLINED: readonly string[] = [
  'x-webkit-deflate-frame',
  'permessage-bzip2',
  'Permessage-Deflate',
  `${PLAIN}; unknown`,
  `${PLAIN}; unknown=1`,
  `${PLAIN}; Server_no_context_takeover`,
  `${PLAIN}; server_no_context_takeover; server_no_context_takeover`,
  `${PLAIN}; client_no_context_takeover; client_no_context_takeover`,
  `${PLAIN}; server_max_window_bits=10; server_max_window_bits=10`,
  `${PLAIN}; server_max_window_bits=10; server_max_window_bits=11`,
  `${PLAIN}; client_max_window_bits; client_max_window_bits=10`,
  `${PLAIN}; server_no_context_takeover=true`,
  `${PLAIN}; server_no_context_takeover=1`,
  `${PLAIN}; client_no_context_takeover="x"`,
  `${PLAIN}; server_max_window_bits`,
  ...NO_BITS.filter((bits) => /^[\x21-\x7e]+$/.test(bits)).flatMap((bits) => ['server', 'client'].map((side) => `${PLAIN}; ${side}_max_window_bits=${bits}`)),
];

for (const offer of DECLINED) {
  test(`declines the offer «${offer}»`, () => {
    assert.equal(answer(offer), undefined);
    assert.equal(answer(`${offer}, ${PLAIN}`), PLAIN, 'what is offered next may be accepted');
  });
}

const MALFORMED: readonly string[] = [
  '', ' ', ',', ' , ,', ';', '; a', 'a;', 'a; ', 'a;;b', 'a; ;b', 'a,;b', 'a b', 'a; b c', 'a; b=', 'a; b= ; c', 'a; =b', 'a; b==c', 'a=b', 'a; b=""', 'a; b="', 'a; b="c', 'a; b=c"',
  'a; b="c d"', 'a; b="c,d"', 'a; b="\\"', 'a; b="\\""', 'a; b="c\\ d"', 'a; b="c"d', "a; b='c d'", 'a; b=(c)', 'a; b=c/d', 'a; b: c', 'a@b', 'a; b=\u00e4', '"a"', 'a; "b"', 'a\0', 'a; b\0', 'a; b=c\u00a0',
];

for (const header of MALFORMED) {
  test(`says of «${JSON.stringify(header)}» that it is no list of extensions, and agrees on nothing`, () => {
    assert.equal(isExtensionList(header), false);
    assert.equal(isExtensionList(`${PLAIN}, ${header === '' || /^[ ,]*$/.test(header) ? ';' : header}`), false, 'behind one that is well-formed');
    assert.equal(negotiateDeflate(header, TAKEOVER), undefined);
  });
}

test('a client that offers no limit of its window is not asked for one, and may use 15 bits', () => {
  const parameters = negotiateDeflate(PLAIN, { ...TAKEOVER, windowBits: 9 });
  assert.equal(parameters?.clientMaxWindowBits, 15);
  assert.equal(parameters?.serverMaxWindowBits, 9);
});

test('a header of 8 KiB is judged in time that grows with its length, whatever stands in it', () => {
  const n = 8 * 1024;
  // Each would take minutes where the work grew with the square or worse of the spaces, quotes or separators.
  for (const each of [' '.repeat(n), `a${' '.repeat(n)}b`, `a; b="${'\\a'.repeat(n / 2)}`, `a; b="${'a'.repeat(n)}`, `${'a;'.repeat(n / 2)};`, `a; b${' '.repeat(n)}= `, ','.repeat(n)]) {
    assert.equal(isExtensionList(each), false);
  }
  assert.equal(isExtensionList('a,'.repeat(n / 2)), true);
});
