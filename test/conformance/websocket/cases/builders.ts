/** The few forms that most cases have. */

import type { FrameParts } from '../../../support/frames.js';
import type { Answer, Exchange } from '../case.js';

type Payload = string | Uint8Array;
type Bits = Pick<FrameParts, 'fin' | 'rsv'>;

export const text = (payload: Payload, bits?: Bits): FrameParts => ({ opcode: 1, payload, ...bits });
export const binary = (payload: Payload, bits?: Bits): FrameParts => ({ opcode: 2, payload, ...bits });
export const more = (payload: Payload, bits?: Bits): FrameParts => ({ opcode: 0, payload, ...bits });
export const ping = (payload: Payload = '', bits?: Bits): FrameParts => ({ opcode: 9, payload, ...bits });
export const pong = (payload: Payload = '', bits?: Bits): FrameParts => ({ opcode: 10, payload, ...bits });
/** A Close whose body is a code and a reason; for other bodies use the opcode. */
export const closing = (code: number, reason: Payload = ''): FrameParts => ({ opcode: 8, payload: Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]) });

/** Frames of one message whose payloads are these. */
export function fragments(parts: readonly Payload[]): FrameParts[] {
  return parts.map((payload, i) => (i === 0 ? text : more)(payload, { fin: i === parts.length - 1 }));
}

export const echoText = (payload: Payload): Answer => ({ type: 'text', payload: Buffer.from(payload) });
export const echoBinary = (payload: Payload): Answer => ({ type: 'binary', payload: Buffer.from(payload) });
export const echoPong = (payload: Payload = ''): Answer => ({ type: 'pong', payload: Buffer.from(payload) });

type More = Partial<Omit<Exchange, 'kind' | 'id' | 'title' | 'steps' | 'answers'>>;

/** Frames that are answered, whereupon the client closes. */
export function answered(id: string, title: string, steps: Exchange['steps'], answers: readonly Answer[], further: More = {}): Exchange {
  return { kind: 'exchange', id, title, steps, answers, ...further };
}

/** Frames among which one is wrong: what comes before it is answered, and the connection is failed. */
export function failed(id: string, title: string, steps: Exchange['steps'], code: number, answers: readonly Answer[] = [], further: More = {}): Exchange {
  return { kind: 'exchange', id, title, steps, answers, closeCodes: [code], mayFailEarly: answers.length > 0, ...further };
}
