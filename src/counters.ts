/** What a server counts while it runs. Plain numbers that every layer adds to; `server.stats()` reads them. */

export class Counters {
  connectionsTotal = 0;
  connectionsRefused = 0;
  requests = 0;
  /** Responses by the first digit of their status: index 2 counts 200 to 299. */
  readonly responses: number[] = [0, 0, 0, 0, 0, 0];
  webSocketsOpen = 0;
  webSocketsTotal = 0;
  channelsOpen = 0;
  eventStreamsOpen = 0;
  /** WebSockets that agreed on compression, and the bytes of text that they keep to refer back to. */
  compressing = 0;
  contextBytes = 0;
  messagesIn = 0;
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Messages that a channel's outbound cap or an expired close kept from being delivered. */
  drops = 0;
  /** How often reading from a socket was paused because its consumer was slower. */
  pauses = 0;
  readonly #errors = new Map<string, number>();

  countError(code: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** Errors by code. The codes come from our own tables and from the system, so their number is bounded. */
  errors(): Record<string, number> {
    return Object.fromEntries(this.#errors);
  }
}
