/**
 * The ids of messages: `<epoch>-<sequence>`. An epoch names one history, sequences count its messages from 1 without a hole. So whoever
 * knows an id knows its place, and an id of another epoch says nothing of this one.
 */

/** An id, taken apart. The sequence 0 is no message but the place before the first. */
export interface MessageId {
  readonly epoch: string;
  readonly sequence: number;
}

const ID = /^([0-9a-z]{1,16})-(0|[1-9][0-9]{0,15})$/;
const EPOCH_LENGTH = 12;
const EPOCH_DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** The parts of an id; `undefined` for what is none: a client may send anything. */
export function parseMessageId(text: string): MessageId | undefined {
  const match = ID.exec(text);
  if (match === null) return undefined;
  const sequence = Number(match[2]);
  return Number.isSafeInteger(sequence) ? { epoch: match[1]!, sequence } : undefined;
}

export function formatMessageId(epoch: string, sequence: number): string {
  return `${epoch}-${sequence}`;
}

/** An epoch that no other history has: 62 bits of chance. */
export function newEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(EPOCH_LENGTH));
  return Array.from(bytes, (byte) => EPOCH_DIGITS[byte % EPOCH_DIGITS.length]).join('');
}
