/** Every rule of WebSocket that a client can break, with the close code it is answered with. */

import { type ErrorSpec, ProtocolError } from '../errors.js';

export const WS_ERRORS = {
  WS_RESERVED_BITS: { close: 1002, rfc: '6455 §5.2', message: 'reserved bits must be zero where no extension defines them' },
  WS_RESERVED_OPCODE: { close: 1002, rfc: '6455 §5.2', message: 'reserved opcodes must not be used' },
  WS_UNMASKED: { close: 1002, rfc: '6455 §5.1', message: 'client frames must be masked' },
  WS_FRAGMENTED_CONTROL: { close: 1002, rfc: '6455 §5.5', message: 'control frames must not be fragmented' },
  WS_LONG_CONTROL: { close: 1002, rfc: '6455 §5.5', message: 'control frames carry at most 125 bytes' },
  WS_LENGTH_NOT_MINIMAL: { close: 1002, rfc: '6455 §5.2', message: 'a payload length must use the fewest bytes' },
  WS_LENGTH_SIGN: { close: 1002, rfc: '6455 §5.2', message: 'the most significant bit of a 64-bit length must be zero' },
  WS_STRAY_CONTINUATION: { close: 1002, rfc: '6455 §5.4', message: 'a continuation needs a message that has begun' },
  WS_INTERLEAVED_MESSAGE: { close: 1002, rfc: '6455 §5.4', message: 'a message must end before the next one begins' },
  WS_BAD_CLOSE_LENGTH: { close: 1002, rfc: '6455 §5.5.1', message: 'a close body is empty or starts with a code of two bytes' },
  WS_BAD_CLOSE_CODE: { close: 1002, rfc: '6455 §7.4', message: 'this close code must not be sent' },
  WS_INVALID_UTF8: { close: 1007, rfc: '6455 §8.1', message: 'text must be valid UTF-8' },
  WS_CORRUPT_DATA: { close: 1007, rfc: '7692 §7.2.2', message: 'the compressed data is corrupt' },
  WS_MESSAGE_TOO_BIG: { close: 1009, rfc: '6455 §7.4.1', message: 'the message is too big' },
  WS_TOO_MANY_FRAGMENTS: { close: 1008, rfc: '6455 §10.4', message: 'the message has too many fragments' },
  WS_TOO_FAST: { close: 1008, rfc: '6455 §10.4', message: 'a client sends at most so many messages, and so much, a second' },
  WS_MESSAGE_TIMEOUT: { close: 1008, rfc: '6455 §10.4', message: 'the message was not complete in time' },
} as const satisfies Record<string, ErrorSpec>;

export type WsErrorCode = keyof typeof WS_ERRORS;

export function wsError(code: WsErrorCode): ProtocolError {
  return new ProtocolError(code, WS_ERRORS[code]);
}
