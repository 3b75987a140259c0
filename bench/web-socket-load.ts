/** WebSocket load that costs the client little: prepared frames go out in bursts, and of what returns only the bytes are counted. */

import { connect } from 'node:net';

const MASK = Buffer.from([1, 2, 3, 4]);

export interface WebSocketLoad {
  readonly port: number;
  readonly connections: number;
  /** Messages under way on each connection. */
  readonly inFlight: number;
  /** Bytes of one text message, below 126. */
  readonly messageBytes: number;
  readonly seconds: number;
}

/** Runs the load; resolves to the number of messages that came back. */
export async function runWebSocketLoad(load: WebSocketLoad): Promise<number> {
  const counts = await Promise.all(Array.from({ length: load.connections }, () => echoOnOne(load)));
  return counts.reduce((sum, count) => sum + count, 0);
}

function echoOnOne({ port, inFlight, messageBytes, seconds }: WebSocketLoad): Promise<number> {
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | messageBytes]), MASK, Buffer.alloc(messageBytes, 'x').map((byte, i) => byte ^ MASK[i % 4]!)]);
  const burst = Buffer.concat(Array.from({ length: inFlight }, () => frame));
  const answerBytes = inFlight * (2 + messageBytes);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = -1;
    let bursts = 0;
    let isOver = false;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => resolve(bursts * inFlight));
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    socket.on('data', (bytes) => {
      if (received === -1) {
        received = 0;
        socket.write(burst);
        setTimeout(() => (isOver = true), seconds * 1000);
        return;
      }
      received += bytes.length;
      if (received < answerBytes) return;
      received -= answerBytes;
      bursts++;
      if (isOver) socket.destroy();
      else socket.write(burst);
    });
  });
}
