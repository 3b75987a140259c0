/**
 * Stands in for the driver of a connection that was handed over to another protocol: its request and the answer to that live on, as those
 * of a WebSocket's channel, and must not keep everything that served HTTP. Nothing is written through it.
 */

import { type ProtocolError, UsageError } from '../errors.js';
import type { RequestOwner } from './request.js';
import type { ExchangeOwner } from './responder.js';
import type { HttpSettings } from './settings.js';

class FormerDriver implements ExchangeOwner, RequestOwner {
  readonly settings: HttpSettings;
  readonly hasInputEnded = false;

  constructor(settings: HttpSettings) {
    this.settings = settings;
  }

  get transport(): never {
    throw handedOver();
  }

  clientOf(): never {
    throw handedOver();
  }

  handshake(): never {
    throw handedOver();
  }

  mayKeepAlive(): boolean {
    return false;
  }

  exchangeEnded(): void {}
  exchangeCut(): void {}

  noteError({ code }: ProtocolError): void {
    this.settings.counters.countError(code);
  }
}

const FORMER_DRIVERS = new WeakMap<HttpSettings, FormerDriver>();

/** The one of a server: it knows nothing of any one connection. */
export function formerDriverOf(settings: HttpSettings): FormerDriver {
  let former = FORMER_DRIVERS.get(settings);
  if (former === undefined) FORMER_DRIVERS.set(settings, (former = new FormerDriver(settings)));
  return former;
}

function handedOver(): UsageError {
  return new UsageError('the connection of this request speaks another protocol by now');
}
