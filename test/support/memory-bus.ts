/** A bus within one process, as plain as one can be: what the cases for buses are held against first. */

import type { Bus, BusHistory, BusListener, BusMessage, BusSubscription } from 'longwire';

interface Kept {
  readonly message: BusMessage;
  readonly sequence: number;
}

class MemoryGroup {
  readonly epoch: string;
  readonly listeners = new Set<BusListener>();
  kept: Kept[] = [];
  last = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }
}

export class MemoryBus implements Bus {
  readonly #groups = new Map<string, MemoryGroup>();
  #epochs = 0;

  async publish(name: string, { origin, bytes }: { readonly origin: string; readonly bytes: Uint8Array }, history: BusHistory | undefined): Promise<string | undefined> {
    const group = this.#group(name);
    const sequence = history === undefined ? undefined : ++group.last;
    const message: BusMessage = { origin, id: sequence === undefined ? undefined : `${group.epoch}-${sequence}`, bytes: Uint8Array.from(bytes) };
    if (sequence !== undefined) {
      group.kept = [...group.kept, { message, sequence }].slice(-history!.maxMessages);
      while (group.kept.reduce((sum, each) => sum + each.message.bytes.length, 0) > history!.maxBytes) group.kept.shift();
    }
    for (const listener of group.listeners) setImmediate(() => group.listeners.has(listener) && listener.message(message));
    await new Promise(setImmediate);
    return message.id;
  }

  async subscribe(name: string, listener: BusListener, history: BusHistory | undefined): Promise<BusSubscription> {
    const group = this.#group(name);
    group.listeners.add(listener);
    return { position: history && `${group.epoch}-${group.last}`, close: () => void group.listeners.delete(listener) };
  }

  async read(name: string, since: string, limit: number): Promise<{ readonly messages: readonly BusMessage[]; readonly gap: boolean }> {
    const { epoch, kept, last } = this.#group(name);
    const sequence = since.startsWith(`${epoch}-`) && /^[a-z0-9]+-(0|[1-9]\d*)$/.test(since) ? Number(since.slice(epoch.length + 1)) : -1;
    const isKnown = sequence >= 0 && sequence <= last;
    const behind = kept.filter((each) => !isKnown || each.sequence > sequence);
    return { messages: behind.slice(0, limit).map(({ message }) => message), gap: !isKnown || (behind[0]?.sequence ?? last + 1) !== sequence + 1 };
  }

  #group(name: string): MemoryGroup {
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = new MemoryGroup(`e${++this.#epochs}`)));
    return group;
  }
}
