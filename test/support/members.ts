/** Channels of every kind for tests of groups, over hosts without sockets. */

import { asChannel, asEventStream } from '#src/channel/as-channel.js';
import type { Channel } from '#src/channel/contract.js';
import { FakeHost, type FakeHostOptions } from './fake-host.js';

export interface Member {
  readonly host: FakeHost;
  readonly channel: Channel;
}

export function webSocket(options: FakeHostOptions = {}): Member {
  const host = new FakeHost({ isUpgrade: true, ...options });
  return forget(host, asChannel(host.request));
}

/** A WebSocket that gets envelopes. */
export function envelopeSocket(options: FakeHostOptions = {}): Member {
  return webSocket({ protocol: 'longwire.v1', ...options });
}

export function eventStream(options: FakeHostOptions = {}): Member {
  const host = new FakeHost(options);
  return forget(host, asEventStream(host.request));
}

export function stream(options: FakeHostOptions = {}): Member {
  const host = new FakeHost(options);
  const channel = asChannel(host.request);
  channel.send('', false);
  return forget(host, channel);
}

export function poll(options: FakeHostOptions = {}): Member {
  const host = new FakeHost(options);
  return forget(host, asChannel(host.request));
}

function forget(host: FakeHost, channel: Channel): Member {
  host.takeCalls();
  return { host, channel };
}
