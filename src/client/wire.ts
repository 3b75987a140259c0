/**
 * What a server tells, out of the forms in which each transport carries it. What is in none of these forms was not sent through a
 * group that keeps history, and is a message as it stands.
 */

/** One thing told: a message where it has data, and the place behind it where it has an id. */
export interface Told {
  readonly id?: string | undefined;
  readonly event?: string | undefined;
  readonly data?: string | Uint8Array | undefined;
  /** Whether messages are lost before it. */
  readonly gap?: boolean | undefined;
}

/** The same in JSON, where bytes are text. */
interface Envelope extends Told {
  readonly base64?: string;
}

/** The subprotocol under which a WebSocket carries envelopes. */
export const SUBPROTOCOL = 'longwire.v1';

const ENVELOPE_FIELDS = ['id', 'event', 'data', 'base64', 'gap'];
const BINARY_ENVELOPE = 1;

/** A message of a WebSocket: an envelope in JSON; or a byte 1, the length of the id, the id, and the payload. */
export function decodeMessage(message: string | ArrayBuffer): Told {
  if (typeof message === 'string') {
    const value = parseJson(message);
    return isEnvelope(value) ? toldOf(value) : { data: message };
  }
  const bytes = new Uint8Array(message);
  const payloadAt = 2 + (bytes[1] ?? 0);
  if (bytes[0] !== BINARY_ENVELOPE || bytes.length < payloadAt) return { data: bytes };
  const id = String.fromCharCode(...bytes.subarray(2, payloadAt));
  return { id: id || undefined, data: bytes.subarray(payloadAt) };
}

/** The answer to a poll: envelopes with the place behind them, or one message. */
export function parseAnswer(text: string): Told[] {
  const { messages, next, gap } = (parseJson(text) ?? {}) as { messages?: readonly Envelope[]; next?: string; gap?: boolean };
  return messages instanceof Array ? [{ gap }, ...messages.map(toldOf), { id: next }] : [{ data: text }];
}

/** Whether what has this id was heard already, by who is at `place`. Of another epoch nothing was. */
export function isBehind(id: string, place: string): boolean {
  const [epoch, sequence] = id.split('-');
  const [epochOfPlace, sequenceOfPlace] = place.split('-');
  return epoch === epochOfPlace && Number(sequence) <= Number(sequenceOfPlace);
}

function toldOf(envelope: Envelope): Told {
  const { base64 } = envelope;
  return base64 === undefined ? envelope : { ...envelope, data: bytesOf(base64) };
}

function isEnvelope(value: unknown): value is Envelope {
  return value?.constructor === Object && Object.keys(value).every((key) => ENVELOPE_FIELDS.includes(key));
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
