/** A client's side of permessage-deflate (RFC 7692 §7.2), by two zlib streams that live as long as the connection: not as the server does it. */

import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';
import type { DeflateAgreement } from './deflate-offer.js';

const FLUSH_END = Buffer.from([0x00, 0x00, 0xff, 0xff]);

export class ClientDeflate {
  readonly #agreement: DeflateAgreement;
  readonly #deflate: DeflateRaw;
  readonly #inflate: InflateRaw;

  constructor(agreement: DeflateAgreement) {
    this.#agreement = agreement;
    // zlib cannot keep to a window of 8 bits for raw data; nobody is asked for one here.
    this.#deflate = createDeflateRaw({ windowBits: Math.max(9, agreement.clientMaxWindowBits), level: constants.Z_BEST_SPEED });
    this.#inflate = createInflateRaw({ windowBits: agreement.serverMaxWindowBits });
  }

  async compress(payload: Buffer): Promise<Buffer> {
    if (this.#agreement.clientNoContextTakeover) this.#deflate.reset();
    const flushed = await pass(this.#deflate, payload);
    if (!flushed.subarray(-FLUSH_END.length).equals(FLUSH_END)) throw new Error('zlib did not flush');
    return flushed.subarray(0, -FLUSH_END.length);
  }

  /** Rejects where the data is corrupt, or refers back to what it must not. */
  async inflate(payload: Buffer): Promise<Buffer> {
    if (this.#agreement.serverNoContextTakeover) this.#inflate.reset();
    return pass(this.#inflate, Buffer.concat([payload, FLUSH_END]));
  }

  close(): void {
    this.#deflate.close();
    this.#inflate.close();
  }
}

/** Everything that comes out for what goes in. */
function pass(stream: DeflateRaw | InflateRaw, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const take = (piece: Buffer): void => void pieces.push(piece);
    stream.on('data', take);
    stream.once('error', reject);
    stream.write(bytes);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', take);
      stream.off('error', reject);
      resolve(Buffer.concat(pieces));
    });
  });
}
