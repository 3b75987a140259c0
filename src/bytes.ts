/** Bytes by name, and who owns them. */

/** No bytes, for what we send: the application is given a copy. */
export const EMPTY: Uint8Array = new Uint8Array(0);

/** Text from here on is copied into bytes beside the heap; as part of a longer string it would be copied there first, and then again. */
export const COPY_TEXT_FROM_BYTES = 16 * 1024;

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const SLASH = 0x2f;
export const COLON = 0x3a;

/** A token, such as a method or a field name (RFC 9110 §5.6.2). */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const TOKEN_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (TOKEN.test(String.fromCharCode(byte)) ? 1 : 0));

/** Whether a byte may stand in a token. */
export function isTokenByte(byte: number): boolean {
  return TOKEN_BYTES[byte] === 1;
}

/** The same memory as a `Buffer`, whose methods decode faster. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes up to this are joined as text: with other output, of which most is text, they are then one piece. */
const LATIN1_UP_TO_BYTES = 1024;
/** Bytes are read as text from here: V8 keeps the shortest in its heap, and would first have to move them out. */
const latin1Room = Buffer.allocUnsafeSlow(LATIN1_UP_TO_BYTES);

/** A head, which is latin1, and bytes behind it, copied: short ones as latin1 text. */
export function joined(head: string, bytes: Uint8Array): string | Uint8Array {
  if (bytes.length <= LATIN1_UP_TO_BYTES) {
    latin1Room.set(bytes);
    return head + latin1Room.toString('latin1', 0, bytes.length);
  }
  const piece = Buffer.allocUnsafe(head.length + bytes.length);
  piece.write(head, 0, 'latin1');
  piece.set(bytes, head.length);
  return piece;
}

/**
 * Bytes that the application may keep, look at as numbers of other types, and transfer to a worker: the view itself where it is all of its memory, else a
 * copy. No bytes have no memory but their own either: what stands for nothing here is shared by all connections.
 */
export function ownBytes(view: Uint8Array): Uint8Array {
  return view.byteLength > 0 && view.byteLength === view.buffer.byteLength ? plain(view) : copyOf(view);
}

/**
 * Bytes that may be kept and transferred, too, and are copied less often: the view itself where it fills most of its memory, up to its end. So nothing
 * small pins a large read buffer, and what was received behind it stays ours; what was received ahead of it on the same connection may lie in its `buffer`.
 */
export function unpinned(view: Uint8Array): Uint8Array {
  return view.byteLength > 0 && fillsItsMemory(view) ? plain(view) : copyOf(view);
}

function plain({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function copyOf(view: Uint8Array): Uint8Array {
  const copy = new Uint8Array(view.byteLength);
  copy.set(view);
  return copy;
}

/** Whether a view fills most of the memory behind it, up to its end. */
export function fillsItsMemory({ buffer, byteOffset, byteLength }: Uint8Array): boolean {
  return byteLength * 2 >= buffer.byteLength && byteOffset + byteLength === buffer.byteLength;
}
