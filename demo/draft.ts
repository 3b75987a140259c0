/** What a client may say: the judgement of what arrived, before it becomes a message. */

export interface Draft {
  readonly name: string;
  readonly text: string;
  /** Chosen by the page that said it, which knows its own message again by it. */
  readonly key: string;
}

/** More than the longest message takes as JSON. */
export const MAX_DRAFT_BYTES = 4096;
const MAX_NAME_LENGTH = 24;
const MAX_TEXT_LENGTH = 500;
const KEY = /^[\w.-]{1,64}$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Why a draft was refused, in words for the one who wrote it. */
export class Refusal extends Error {}

/** The draft that these bytes or this text hold; throws a `Refusal` where they hold none. */
export function parseDraft(source: string | Uint8Array): Draft {
  const value = parseJson(source);
  if (typeof value !== 'object' || value === null) throw new Refusal('A message is an object with name, text and key.');
  const { name, text, key } = value as Record<string, unknown>;
  if (typeof key !== 'string' || !KEY.test(key)) throw new Refusal('The key is 1 to 64 letters, digits, dots, dashes or underscores.');
  return { name: checkText(name, 'name', MAX_NAME_LENGTH), text: checkText(text, 'text', MAX_TEXT_LENGTH), key };
}

function parseJson(source: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof source === 'string' ? source : UTF8.decode(source));
  } catch {
    throw new Refusal('A message is JSON in UTF-8.');
  }
}

function checkText(value: unknown, field: string, maxLength: number): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '' || text.length > maxLength) throw new Refusal(`The ${field} is 1 to ${maxLength} characters.`);
  return text;
}
