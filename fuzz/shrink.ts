/** The smallest bytes that can be reached by leaving out pieces while what is looked for stays. */

/** @param stays whether bytes still show it; it is asked a few times for every byte, and never about `bytes` themselves. */
export async function shrink(bytes: Uint8Array, stays: (bytes: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let smallest = bytes;
  for (let length = Math.ceil(bytes.length / 2); length >= 1; ) {
    const shorter = await withoutPieces(smallest, length, stays);
    // Single bytes are tried until none can go: each that went may let another go.
    if (length > 1) length = Math.ceil(length / 2);
    else if (shorter.length === smallest.length) return smallest;
    smallest = shorter;
  }
  return smallest;
}

async function withoutPieces(bytes: Uint8Array, length: number, stays: (bytes: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  let smallest = bytes;
  for (let at = 0; at < smallest.length; ) {
    const shorter = Uint8Array.of(...smallest.subarray(0, at), ...smallest.subarray(at + length));
    if (shorter.length > 0 && (await stays(shorter))) smallest = shorter;
    else at += length;
  }
  return smallest;
}
