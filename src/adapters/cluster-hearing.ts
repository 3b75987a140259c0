/**
 * What a bus hears of a cluster of Redis: one connection, to any of its nodes, because channels pass through all. The clients' own clusters
 * choose such a node as well, but do not tell when they leave it for another, or stay with one that is dead. So this connection is ours: where
 * it is lost, the listener is told, another node is taken, and all channels are subscribed there before it is told that we hear again.
 *
 * A node can also have left the cluster, or have halted, and its connection be whole. So now and then something is published by way of any
 * node, and must be heard.
 */

import { scheduleTask } from '../index.js';
import { pause } from './outbox.js';

/** A connection that hears of channels, and is not opened again once it is lost. */
export interface Ear {
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  close(): void;
}

/** What becomes of it. */
export interface EarEvents {
  /** Channels can be subscribed. */
  ready(): void;
  lost(error: unknown): void;
  heard(channel: string, payload: Buffer): void;
}

/** A node that can be listened at. */
export interface EarPlace {
  readonly address: string;
  /** Never throws: what fails is told to `lost`, later. */
  open(events: EarEvents): Ear;
}

/** What hearing needs of a cluster. */
export interface HeardCluster {
  /** Nodes that seem to be there. */
  places(): readonly EarPlace[];
  /** Publishes by way of any node. */
  publish(channel: string): Promise<unknown>;
}

const OPENING_TIMEOUT_MS = 2_000;
const CHECK_INTERVAL_MS = 2_000;
/** More checks than this in a row were published, and not heard, where a connection is deaf. */
const MAX_UNHEARD = 2;
const CHANNELS_A_COMMAND = 1_000;

export class ClusterHearing {
  readonly #cluster: HeardCluster;
  readonly #listener: EarEvents;
  /** The channel of the checks. */
  readonly #check: string;
  readonly #channels = new Set<string>();
  /** That hears of all channels. */
  #ear: Ear | undefined;
  #waiters: { readonly resolve: (ear: Ear) => void; readonly reject: (error: unknown) => void }[] = [];
  /** Lets go of the connection that there is, or is being opened. */
  #leave: ((error: unknown) => void) | undefined;
  #unheard = 0;
  #cancelCheck: (() => boolean) | undefined;
  #isRunning = false;
  #isClosed = false;

  constructor(cluster: HeardCluster, listener: EarEvents, check: string) {
    this.#cluster = cluster;
    this.#listener = listener;
    this.#check = check;
  }

  async subscribe(channel: string): Promise<void> {
    this.#channels.add(channel);
    if (!this.#isRunning) void this.#run();
    const ear = this.#ear ?? (await new Promise<Ear>((resolve, reject) => this.#waiters.push({ resolve, reject })));
    await ear.subscribe([channel]);
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await this.#ear?.unsubscribe(channel);
  }

  close(): void {
    const error = new Error('the bus is closed');
    this.#isClosed = true;
    this.#cancelCheck?.();
    this.#leave?.(error);
    for (const each of this.#waiters.splice(0)) each.reject(error);
  }

  /** Hears at one node after the other, until the bus is closed. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let [attempt, left] = [0, '']; !this.#isClosed; attempt++) {
      const place = choose(this.#cluster.places(), left);
      if (place !== undefined) {
        left = place.address;
        const { error, hasHeard } = await this.#hearAt(place);
        if (this.#isClosed) return;
        this.#listener.lost(error);
        if (hasHeard) attempt = 0;
      }
      await pause(attempt);
    }
  }

  /** Resolves once the connection is lost. */
  async #hearAt(place: EarPlace): Promise<{ readonly error: unknown; readonly hasHeard: boolean }> {
    const lost = new Promise((resolve) => (this.#leave = resolve));
    const leave = this.#leave!;
    const cancelTimeout = scheduleTask(OPENING_TIMEOUT_MS, () => leave(new Error(`a node of Redis has not answered within ${OPENING_TIMEOUT_MS} ms`)));
    const begin = async (): Promise<void> => {
      try {
        await this.#subscribeAll(ear);
        if (cancelTimeout()) this.#begin(ear);
      } catch (error) {
        leave(error);
      }
    };
    const ear = place.open({ ready: () => void begin(), lost: leave, heard: (channel, payload) => this.#heard(channel, payload) });
    const error = await lost;
    cancelTimeout();
    const hasHeard = this.#ear === ear;
    this.#ear = undefined;
    ear.close();
    return { error, hasHeard };
  }

  async #subscribeAll(ear: Ear): Promise<void> {
    const channels = [this.#check, ...this.#channels];
    for (let i = 0; i < channels.length; i += CHANNELS_A_COMMAND) await ear.subscribe(channels.slice(i, i + CHANNELS_A_COMMAND));
  }

  #begin(ear: Ear): void {
    this.#ear = ear;
    this.#unheard = 0;
    for (const each of this.#waiters.splice(0)) each.resolve(ear);
    this.#listener.ready();
    this.#checkLater(ear);
  }

  #checkLater(ear: Ear): void {
    this.#cancelCheck?.();
    this.#cancelCheck = scheduleTask(CHECK_INTERVAL_MS, () => {
      if (this.#ear !== ear) return;
      if (this.#unheard > MAX_UNHEARD) return this.#leave!(new Error('the node of Redis that was listened at tells nothing more'));
      this.#cluster.publish(this.#check).then(() => void this.#unheard++, () => {}); // where that fails, it says nothing of the ear
      this.#checkLater(ear);
    });
  }

  #heard(channel: string, payload: Buffer): void {
    if (channel === this.#check) this.#unheard = 0;
    else this.#listener.heard(channel, payload);
  }
}

/** Any, but the one that was left only where there is no other. */
function choose(places: readonly EarPlace[], left: string): EarPlace | undefined {
  const others = places.filter(({ address }) => address !== left);
  const from = others.length > 0 ? others : places;
  return from[Math.floor(Math.random() * from.length)];
}
