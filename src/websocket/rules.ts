/** What a frame's header may say: one rule a line. Opinions only; the decoder decodes and the driver acts. */

import type { WsErrorCode } from './errors.js';
import { type FrameHeader, isControl, OPCODE } from './frame.js';

/** What has to be known of the connection to judge a header. */
export interface FrameContext {
  /** The reserved bits that negotiated extensions use: 4 is RSV1 (RFC 7692 §6). */
  readonly allowedRsv: number;
  /** Whether a fragmented message has begun. */
  isInMessage: boolean;
}

/** The first rule this header breaks, if any, in the order of RFC 6455 §5. */
export function headerViolation(header: FrameHeader, context: FrameContext): WsErrorCode | undefined {
  const { opcode } = header;
  if (!header.masked) return 'WS_UNMASKED'; // §5.1
  if (header.rsv & ~context.allowedRsv) return 'WS_RESERVED_BITS'; // §5.2
  if (opcode > OPCODE.pong || (opcode > OPCODE.binary && opcode < OPCODE.close)) return 'WS_RESERVED_OPCODE'; // §5.2
  if (header.lengthBytes === 2 && header.length < 126) return 'WS_LENGTH_NOT_MINIMAL'; // §5.2
  if (header.lengthBytes === 8 && header.length < 0x10000) return 'WS_LENGTH_NOT_MINIMAL'; // §5.2
  if (header.length >= 2 ** 63) return 'WS_LENGTH_SIGN'; // §5.2
  if (isControl(opcode)) {
    if (!header.fin) return 'WS_FRAGMENTED_CONTROL'; // §5.5
    if (header.length > 125) return 'WS_LONG_CONTROL'; // §5.5
    if (header.rsv !== 0) return 'WS_RESERVED_BITS'; // §5.2, and RFC 7692 §6.1
    return undefined;
  }
  if (opcode === OPCODE.continuation) {
    if (!context.isInMessage) return 'WS_STRAY_CONTINUATION'; // §5.4
    if (header.rsv !== 0) return 'WS_RESERVED_BITS'; // RFC 7692 §6.1: RSV1 stands on the first fragment only
    return undefined;
  }
  return context.isInMessage ? 'WS_INTERLEAVED_MESSAGE' : undefined; // §5.4
}
