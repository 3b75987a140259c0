/** What a client may say: the judgement of what arrived, before it becomes a message. */

import type { Transport } from 'longwire/client';

export const TRANSPORTS = ['websocket', 'event-stream', 'poll'] as const satisfies readonly Transport[];

export interface Draft {
  readonly name: string;
  readonly text: string;
  /** Chosen by the page that said it, which knows its own message again by it. */
  readonly key: string;
  /** By which transport the page is connected, in its own words. */
  readonly via: Transport;
}

/** More than the longest message takes as JSON. */
export const MAX_DRAFT_BYTES = 4096;
const MAX_NAME_LENGTH = 24;
const MAX_TEXT_LENGTH = 500;
const KEY = /^[\w.-]{1,64}$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Why something was refused, in words for the one who wrote it. */
export class Refusal extends Error {}

/** The draft that these bytes or this text hold; throws a `Refusal` where they hold none. */
export function parseDraft(source: string | Uint8Array): Draft {
  const { name, text, key, via } = parseObject(source);
  return { name: checkText(name, 'name', MAX_NAME_LENGTH), text: checkText(text, 'text', MAX_TEXT_LENGTH), key: checkKey(key), via: checkTransport(via) };
}

/** Whose connections by which transport are to be cut; throws a `Refusal` where that is not what the bytes hold. */
export function parseCut(source: Uint8Array): { readonly key: string; readonly via: Transport } {
  const { key, via } = parseObject(source);
  return { key: checkKey(key), via: checkTransport(via) };
}

function parseObject(source: string | Uint8Array): Record<string, unknown> {
  const value = parseJson(source);
  if (typeof value !== 'object' || value === null) throw new Refusal('What is sent here is an object in JSON.');
  return value as Record<string, unknown>;
}

function parseJson(source: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof source === 'string' ? source : UTF8.decode(source));
  } catch {
    throw new Refusal('What is sent here is JSON in UTF-8.');
  }
}

function checkText(value: unknown, field: string, maxLength: number): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '' || text.length > maxLength) throw new Refusal(`The ${field} is 1 to ${maxLength} characters.`);
  return text;
}

function checkKey(value: unknown): string {
  if (typeof value === 'string' && KEY.test(value)) return value;
  throw new Refusal('The key is 1 to 64 letters, digits, dots, dashes or underscores.');
}

function checkTransport(value: unknown): Transport {
  const transport = TRANSPORTS.find((each) => each === value);
  if (transport === undefined) throw new Refusal(`The transport is one of ${TRANSPORTS.join(', ')}.`);
  return transport;
}
