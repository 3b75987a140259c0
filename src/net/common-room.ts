/**
 * Where bytes that are copied wait for their connection to hand them over. It is one room for all connections: most leave within their turn, so that it
 * is empty again and again, and the caches always hold it. Who cannot hand over what it has here takes it out, so a slow peer keeps at most the one room
 * that its socket still reads from.
 */

const ROOM_BYTES = 64 * 1024;
/** So much of it is free for whoever begins here. */
export const FREE_ROOM_BYTES = 32 * 1024;

export class CommonRoom {
  readonly bytes = Buffer.allocUnsafeSlow(ROOM_BYTES);
  /** Says that nobody reads any more what one of its users has here. */
  readonly leave: () => void;
  /** From here on it is free. */
  filled = 0;
  /** Outputs that have something here. */
  #users = 0;

  constructor() {
    this.leave = () => {
      if (--this.#users === 0) this.filled = 0;
    };
  }

  hasRoomFor(count: number): boolean {
    return this.filled + count <= ROOM_BYTES;
  }

  /** To be undone by `leave`. Until then all that its users have here stays as it is. */
  enter(): void {
    this.#users++;
  }
}

let room: CommonRoom | undefined;

/** A room with `FREE_ROOM_BYTES` that are free. One that a socket still reads from is left to it once it is half full. */
export function freeRoom(): CommonRoom {
  if (room?.hasRoomFor(FREE_ROOM_BYTES) !== true) room = new CommonRoom();
  return room;
}
