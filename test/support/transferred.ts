/** Bytes whose memory is gone, as when they were handed to a worker. */
export function transferred(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}
