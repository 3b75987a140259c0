/** What a bus needs of a client of Redis: one way for commands, and one connection for what it hears, because one that hears of channels can do nothing else. */

export type RedisArgument = string | Buffer;

/** Who hears of the connection for channels. */
export interface RedisListener {
  heard(channel: string, payload: Buffer): void;
  /** The connection is gone; the client tries to get it back. */
  lost(error: unknown): void;
  /** It is there, and hears of every channel that was subscribed to; what came meanwhile was missed. */
  ready(): void;
}

/** The two connections of a bus. */
export interface RedisLink {
  /**
   * Runs a command once or not at all. Strings in its answer are bytes.
   *
   * @throws NotConnected where it was not sent. Where the connection is lost behind that, nobody knows whether it was carried out.
   */
  command(key: string, args: readonly RedisArgument[]): Promise<unknown>;
  /** The answers of the server that has the key, or of all that may have it, to a command that changes nothing. */
  ask(key: string, args: readonly RedisArgument[]): Promise<readonly unknown[]>;
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  /** Closes what the bus has opened: never the client that it was given. */
  close(): void;
}

/** What commands fail with that were not sent. */
export const AWAY = 'there is no connection to Redis';
