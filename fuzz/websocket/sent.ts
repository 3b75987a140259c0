/** What a server has sent on a WebSocket, read as strictly as a client may: every frame valid, every message inflated, nothing behind the Close. */

import { isUtf8 } from 'node:buffer';
import { constants, inflateRawSync } from 'node:zlib';
import type { DeflateParameters } from '#src/websocket/extensions.js';
import { isCloseCode } from '#src/channel/close-status.js';
import { parseServerFrames } from '../../test/support/frames.js';
import { readDeflate } from '../../test/support/deflate-blocks.js';

export interface Sent {
  readonly messages: readonly (string | Uint8Array)[];
  /** What they carry, in hex. */
  readonly pongs: readonly string[];
  /** `undefined`: no Close was sent, or one without a code, which is 1005. */
  readonly closeCode: number | undefined;
  readonly hasClosed: boolean;
}

/** The plain reader is slow: it looks at short messages only. */
const READ_UP_TO_BYTES = 2_000;

/** @throws Error where a client would have to fail the connection. */
export function readSent(bytes: Buffer, deflate: DeflateParameters | undefined): Sent {
  const { frames, rest } = parseServerFrames(bytes);
  if (rest.length > 0) throw new Error(`a frame was not sent whole: ${rest.toString('hex', 0, 40)}`);
  const messages: (string | Uint8Array)[] = [];
  const pongs: string[] = [];
  let close: { readonly code: number | undefined } | undefined;
  let before = Buffer.alloc(0);
  for (const { fin, rsv, opcode, payload } of frames) {
    if (close !== undefined) throw new Error(`opcode ${opcode} was sent behind the Close`);
    if (!fin) throw new Error('a fragment was sent');
    if (rsv !== 0 && (rsv !== 4 || deflate === undefined || opcode > 2)) throw new Error(`reserved bits ${rsv} were sent with opcode ${opcode}`);
    if (opcode > 2 && payload.length > 125) throw new Error(`a control frame of ${payload.length} bytes was sent`);
    if (opcode === 10) pongs.push(payload.toString('hex'));
    if (opcode === 8) close = { code: closeCodeOf(payload) };
    if (opcode > 2) continue;
    const text = rsv === 0 ? payload : inflate(payload, before, deflate!);
    if (rsv !== 0) before = deflate!.serverNoContextTakeover ? before : Buffer.concat([before, text]).subarray(-(2 ** deflate!.serverMaxWindowBits));
    if (opcode === 1 && !isUtf8(text)) throw new Error('text was sent that is not UTF-8');
    if (opcode === 0) throw new Error('a continuation was sent');
    messages.push(opcode === 1 ? text.toString('utf8') : text);
  }
  return { messages, pongs, closeCode: close?.code, hasClosed: close !== undefined };
}

function closeCodeOf(payload: Buffer): number | undefined {
  if (payload.length === 0) return undefined;
  const code = payload.length === 1 ? 0 : payload.readUInt16BE(0);
  if (!isCloseCode(code)) throw new Error(`the close code ${code} was sent`);
  if (!isUtf8(payload.subarray(2))) throw new Error('a reason was sent that is not UTF-8');
  return code;
}

function inflate(payload: Buffer, dictionary: Buffer, { serverMaxWindowBits }: DeflateParameters): Buffer {
  const text = inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary.length > 0 ? { dictionary } : {}),
  });
  if (text.length > READ_UP_TO_BYTES) return text;
  const { maxDistance } = readDeflate(payload, dictionary);
  if (maxDistance > 2 ** serverMaxWindowBits) throw new Error(`a match refers back ${maxDistance} bytes, with a window of ${serverMaxWindowBits} bits`);
  return text;
}
