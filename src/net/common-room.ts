/**
 * Where bytes that are copied wait for their connection to hand them over. It is one room for all connections: most leave within their turn, so that it
 * is empty again and again, and the caches always hold it. Who cannot hand over what it has here takes it out, so a slow peer keeps at most the one room
 * that its socket still reads from.
 */

const ROOM_BYTES = 64 * 1024;
/** Who enters finds so much of it free. */
export const FREE_ROOM_BYTES = 32 * 1024;

export class CommonRoom {
  readonly bytes = Buffer.allocUnsafeSlow(ROOM_BYTES);
  /** From here on it is free. */
  filled = 0;
  /** Outputs that have something here. */
  #users = 0;

  hasRoomFor(count: number): boolean {
    return this.filled + count <= ROOM_BYTES;
  }

  enter(): this {
    this.#users++;
    return this;
  }

  /** Nobody reads any more what its user had here. */
  leave(): void {
    if (--this.#users === 0) this.filled = 0;
  }
}

let room: CommonRoom | undefined;

/** A room with `FREE_ROOM_BYTES` that are free; who enters it is to `leave` it. One that a socket still reads from is left to it once it is full. */
export function enterRoom(): CommonRoom {
  if (room?.hasRoomFor(FREE_ROOM_BYTES) !== true) room = new CommonRoom();
  return room.enter();
}
