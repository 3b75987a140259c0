/** Hearing by WebSocket: one connection that hears and sends. */

import type { Listen } from './link.js';
import { decodeMessage, SUBPROTOCOL } from './wire.js';

/** What it was for is over (RFC 6455 §7.4.1). */
const NORMAL = 1000;
const HEARTBEAT = '{}';

export const byWebSocket: Listen = (link) =>
  new Promise((resolve) => {
    const socket = new WebSocket(link.address.replace('http', 'ws'), SUBPROTOCOL);
    /** Silence is a sign where the server sends heartbeats. Its pings are none: no page sees them. */
    let hasHeartbeats = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => link.opened();
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      hasHeartbeats ||= data === HEARTBEAT;
      if (hasHeartbeats) link.expectWithin('silenceTimeoutMs');
      link.told(decodeMessage(data));
    };
    socket.onclose = ({ code, reason }) => resolve({ code, reason });
    link.signal.addEventListener('abort', () => socket.close(NORMAL));
    link.send = (data) => {
      const isOpen = socket.readyState === WebSocket.OPEN; // otherwise it would drop the message without a word
      if (isOpen) socket.send(data as string | Uint8Array<ArrayBuffer>);
      return isOpen;
    };
    link.expectWithin('connectTimeoutMs');
  });
