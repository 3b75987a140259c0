/**
 * The bytes of a connection from a seed: requests after the grammar, most of them plain, some with odd parts, one behind the other;
 * then perhaps changed token by token or byte by byte. The same seed gives the same bytes.
 */

import { latin1Bytes } from '../test/support/pieces.js';
import { Random } from '../test/support/random.js';
import { DISAGREEMENTS } from './disagreements.js';
import { GRAMMAR, type Part, type PartName } from './grammar.js';

const REFERENCE = /\{(\w+)\}/;

/** Everything that the grammar spells out, for changes to put somewhere else. */
const SPELLINGS = Object.values<Part>(GRAMMAR).flatMap(({ usual, odd }) => [...usual, ...odd]);
const TOKENS = [...new Set(SPELLINGS.flatMap((text) => text.split(/\{\w+\}/)))].filter((text) => text.length > 0 && text.length < 100);

/** How rare an odd part is: one in so many. */
const ODDNESS = [1e9, 1e9, 80, 40, 20];

/** One input in so many is, or holds, the example of a known disagreement: what is near to those is worth a look. */
const EXAMPLES = 8;

export function generate(seed: number): Uint8Array {
  const random = new Random(seed);
  const tokens: string[] = [];
  const isExample = random.once(EXAMPLES);
  if (!isExample || random.once(2)) expand(random, 'input', random.pick(ODDNESS), tokens);
  if (isExample) tokens.push(random.pick(DISAGREEMENTS).example);
  for (let count = random.pick([0, 0, 0, 0, 0, 0, 0, 1, 2]); count > 0; count--) changeTokens(random, tokens);
  let text = tokens.join('');
  for (let count = random.pick([0, 0, 0, 0, 0, 0, 0, 1, 1, 2]); count > 0; count--) text = changeBytes(random, text);
  return latin1Bytes(text);
}

/** One spelling of a part, as tokens behind those that are there. */
function expand(random: Random, name: PartName, oddness: number, tokens: string[]): void {
  const part: Part = GRAMMAR[name];
  const spelling = random.pick(random.once(oddness) ? part.odd : part.usual);
  for (const [i, text] of spelling.split(REFERENCE).entries()) {
    if (i % 2 === 1) expand(random, text as PartName, oddness, tokens);
    else if (text !== '') tokens.push(text);
  }
}

function changeTokens(random: Random, tokens: string[]): void {
  const at = random.below(tokens.length + 1);
  const other = random.below(tokens.length + 1);
  switch (random.below(5)) {
    case 0:
      tokens.splice(at, 1);
      break;
    case 1:
      tokens.splice(at, 0, random.pick(TOKENS));
      break;
    case 2:
      tokens.splice(at, 1, random.pick(TOKENS));
      break;
    case 3:
      tokens.splice(at, 0, ...tokens.slice(other, other + 1 + random.below(6)));
      break;
    default:
      tokens.splice(at, 0, ...tokens.splice(other, 1 + random.below(3)));
  }
}

function changeBytes(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const behind = Math.min(text.length, at + 1 + random.below(8));
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + random.pick(TOKENS) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(behind);
    case 2:
      return text.slice(0, behind) + text.slice(at);
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at);
    default:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
  }
}
