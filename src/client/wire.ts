/** What a server tells, out of the forms in which each transport carries it: docs/RESUME.md has them all. */

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

/** The subprotocol under which every message of a WebSocket is an envelope. */
export const SUBPROTOCOL = 'longwire.v1';

/** A message of a WebSocket: an envelope in JSON; or a byte 1, the length of the id, the id, and the payload. */
export function decodeMessage(message: string | ArrayBuffer): Told {
  if (typeof message === 'string') return toldOf(JSON.parse(message) as Envelope);
  const bytes = new Uint8Array(message);
  const payloadAt = 2 + bytes[1]!;
  return { id: String.fromCharCode(...bytes.subarray(2, payloadAt)) || undefined, data: bytes.subarray(payloadAt) };
}

/** The answer to a poll: envelopes and the place behind them. Any other answer is a message that was meant for this poll alone. */
export function parseAnswer(text: string): Told[] {
  if (!/^\{("gap":true,)?"messages":\[/.test(text)) return [{ data: text }];
  const { messages, next, gap } = JSON.parse(text) as { readonly messages: readonly Envelope[]; readonly next: string; readonly gap?: boolean };
  return [{ gap }, ...messages.map(toldOf), { id: next }];
}

/** Bytes out of base64. What is none stays text: thrown at, a link would end, and be sent the same again. */
export function bytesOf(base64: string): Uint8Array | string {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return base64;
  }
}

/** Whether what has this id was heard already, by who is at `place`. Of another epoch nothing was. */
export function isBehind(id: string, place: string): boolean {
  const [epoch, sequence] = id.split('-');
  const [epochOfPlace, sequenceOfPlace] = place.split('-');
  return epoch === epochOfPlace && Number(sequence) <= Number(sequenceOfPlace);
}

function toldOf({ base64, ...told }: Envelope): Told {
  return base64 === undefined ? told : { ...told, data: bytesOf(base64) };
}
