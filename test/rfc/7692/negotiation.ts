/** §5 Extension negotiation: offers, and which of them is accepted. */

import { opening, text } from '../../support/frames.js';
import type { AnsweredCase, Rule } from '../../support/rfc.js';
import { frames, take } from '../6455/cases.js';
import { agreed, answers, NO_TAKEOVER, PLAIN } from './cases.js';

function refuses(what: string, offer: string): AnsweredCase {
  return { name: `refuses ${what}`, bytes: opening({ 'Sec-WebSocket-Extensions': offer }), handler: take, answered: [{ status: 400, fields: { connection: /close/ } }], closes: true, served: 1 };
}

export const NEGOTIATION: readonly Rule[] = [
  {
    section: '5',
    level: 'MUST',
    rule: 'Offers follow the grammar of RFC 6455 §9.1: what does not fails the handshake.',
    cases: [
      refuses('an offer that ends with a semicolon', `${PLAIN};`),
      refuses('a parameter without a name', `${PLAIN}; =10`),
      refuses('a parameter without the value it announces', `${PLAIN}; server_max_window_bits=`),
      refuses('a value in quotes that is no token', `${PLAIN}; server_max_window_bits="1 0"`),
      refuses('a malformed offer behind one that could be accepted', `${PLAIN}, ${PLAIN}; a b`),
    ],
  },
  {
    section: '5',
    level: 'ought to',
    rule: 'A server that compresses nothing declines, and the WebSocket opens without.',
    cases: [
      { name: 'declines where it is switched off', opening: opening({ 'Sec-WebSocket-Extensions': PLAIN }), bytes: frames(text('as it is')), received: ['text as it is'], opened: { fields: { 'sec-websocket-extensions': null } } },
      { ...answers('declines another compression', 'permessage-bzip2; client_max_window_bits', null) },
      { ...agreed('', {}), name: 'says nothing of it to who does not offer it', opening: opening(), bytes: frames(text('as it is')), received: ['text as it is'], opened: { fields: { 'sec-websocket-extensions': null } } },
    ],
  },
  {
    section: '5.1',
    level: 'MUST',
    rule: 'Offers are considered in their order; the first that can be met is accepted, once.',
    cases: [
      answers('accepts the first of two that it can meet', `${PLAIN}; server_max_window_bits=10, ${PLAIN}`, `${PLAIN}; server_max_window_bits=10`),
      answers('accepts the second where the first is unknown', `permessage-snappy, ${PLAIN}`, PLAIN),
      answers('accepts the third where two are declined', `${PLAIN}; mode=9, ${PLAIN}; server_max_window_bits=16, ${PLAIN}; server_no_context_takeover`, `${PLAIN}; server_no_context_takeover`),
      answers('accepts the first over two fields', [`${PLAIN}; client_no_context_takeover`, PLAIN], `${PLAIN}; client_no_context_takeover`),
      answers('accepts the second field where the first is declined', [`${PLAIN}; server_max_window_bits`, PLAIN], PLAIN),
      answers('accepts an offer twice as one', `${PLAIN}, ${PLAIN}`, PLAIN),
      answers('accepts with its defaults', `${PLAIN}; client_max_window_bits`, NO_TAKEOVER, {}),
    ],
  },
];
