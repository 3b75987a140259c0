/** The ways in which the same bytes can arrive: whatever holds for one must hold for all. */

/** A way to cut bytes, with its name. */
export interface Cut {
  readonly name: string;
  readonly pieces: Uint8Array[];
}

/** Bytes whole, byte by byte, and cut once at every point (at up to `maxSplits` points spread evenly where they are many). */
export function everyWay(bytes: Uint8Array, maxSplits = 400): Cut[] {
  const cuts: Cut[] = [
    { name: 'whole', pieces: [own(bytes)] },
    { name: 'byte by byte', pieces: [...bytes].map((byte) => Uint8Array.of(byte)) },
  ];
  const step = Math.max(1, Math.floor(bytes.length / maxSplits));
  for (let at = 1; at < bytes.length; at += step) cuts.push({ name: `cut at ${at}`, pieces: [own(bytes.subarray(0, at)), own(bytes.subarray(at))] });
  return cuts;
}

/** A copy: a decoder may change what it is given. */
function own(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}

export function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}
