/**
 * The cases of WebSocket through real sockets: in one piece with the handshake ahead, and byte by byte; each of them with further frames
 * behind, which are taken where the WebSocket stays open, and never where it ends.
 */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { asChannel, type ChannelHandlers, type Handler } from 'longwire';
import { closeStatusOf } from '#src/channel/close-status.js';
import { WS_ERRORS } from '#src/websocket/errors.js';
import { assertAnswer, readAnswer } from './answers.js';
import type { Closing } from './channels.js';
import { until } from './deferred.js';
import { describeClose, describeControl, describeMessage, serverFrame } from './frame-events.js';
import { close, handshake, ping, text } from './frames.js';
import { latin1Bytes } from './pieces.js';
import { RawClient } from './raw-client.js';
import type { WebSocketCase } from './rfc.js';
import { RfcServer } from './rfc-server.js';
import { send, type Way, WAYS } from './rfc-sockets.js';

const FURTHER_FRAMES = Buffer.concat([text('further'), ping('further')]).toString('latin1');
const FURTHER = ['text further', 'ping further'];

/** What a channel was told. */
interface Heard {
  readonly received: string[];
  readonly closings: Closing[];
}

/** What the decoder alone must find in the bytes of a case. */
export function whatIsDecoded({ received, ends }: WebSocketCase): string[] {
  if (ends === undefined) return [...received];
  return [...received, typeof ends === 'string' ? ends : describeClose(ends)];
}

export async function speakOverSocket(each: WebSocketCase, t: TestContext, shared: RfcServer): Promise<void> {
  const server = each.options === undefined ? shared : new RfcServer(each.options);
  if (server !== shared) await server.start();
  try {
    for (const way of WAYS) {
      if (way.hasFurther && each.clientEnds === true) continue;
      try {
        await speak(each, way, t, server);
      } catch (error) {
        throw new Error(`${way.name}: ${(error as Error).message}`, { cause: error });
      }
    }
  } finally {
    if (server !== shared) await server.stop();
  }
}

async function speak(each: WebSocketCase, way: Way, t: TestContext, server: RfcServer): Promise<void> {
  const client = await RawClient.open(t, server.port);
  const heard: Heard = { received: [], closings: [] };
  const session = server.expect(client.socket.localPort!, listener(heard, each.handlers));
  const staysOpen = each.ends === undefined && each.closing === undefined;
  const isFurtherTaken = way.hasFurther && staysOpen;
  try {
    await sendAll(client, each, way);
    assertAnswer(await readAnswer(client, 'GET'), { status: 101, ...each.opened });
    const received = [...each.received, ...(isFurtherTaken ? FURTHER : [])];
    const sent = [...(each.sent ?? pongsFor(each.received)), ...(isFurtherTaken ? pongsFor(FURTHER) : [])];
    await assertSent(client, sent, each, staysOpen);
    await until(() => heard.closings.length > 0, 'onClose');
    assert.deepEqual(heard.received, received);
    assert.deepEqual(heard.closings, [each.closing ?? closingOf(each.ends ?? { code: 1000 })]);
    assert.deepEqual(session.clientErrors, typeof each.ends === 'string' ? [each.ends] : []);
    assert.deepEqual(session.errors, []);
    assert.equal(session.isFurtherServed, false);
  } finally {
    client.socket.destroy();
  }
}

function pongsFor(received: readonly string[]): string[] {
  return received.filter((frame) => frame.startsWith('ping ')).map((frame) => frame.replace('ping', 'pong'));
}

/** A head of its own goes out byte by byte, too, once: with nothing further behind. */
async function sendAll(client: RawClient, { bytes, opening, clientEnds }: WebSocketCase, way: Way): Promise<void> {
  const all = way.hasFurther ? bytes + FURTHER_FRAMES : bytes;
  const head = opening ?? handshake();
  const isHeadAhead = way.isByteByByte && (opening === undefined || way.hasFurther);
  if (isHeadAhead) await client.send(head);
  await send(client, latin1Bytes(isHeadAhead ? all : head + all), way);
  if (clientEnds === true) client.end();
}

/** Exactly these frames come, then the answer to what ends the WebSocket, then FIN: the server is the first to close. */
async function assertSent(client: RawClient, sent: readonly string[], { ends }: WebSocketCase, staysOpen: boolean): Promise<void> {
  const expected = Buffer.concat(sent.map(serverFrame)).toString('latin1');
  if (!staysOpen) return assert.equal(await client.readToEnd(), expected + answerTo(ends), 'what comes back');
  assert.equal((await client.readBytes(expected.length)).toString('latin1'), expected, 'what comes back');
  assert.equal(client.hasEnded, false, 'the WebSocket stays open');
  await client.send(close(1000));
  assert.equal(await client.readToEnd(), answerTo({ code: 1000 }), 'nothing comes behind but the answer to a Close');
  assert.equal(client.error, undefined);
}

function answerTo(ends: WebSocketCase['ends']): string {
  if (ends === undefined) return '';
  const answer = typeof ends === 'string' ? closingOf(ends) : { code: ends.code };
  return serverFrame(describeClose(answer)).toString('latin1');
}

function closingOf(ends: Exclude<WebSocketCase['ends'], undefined>): Closing & { code: number } {
  if (typeof ends === 'string') {
    const { close: code, message: reason } = WS_ERRORS[ends];
    return { status: closeStatusOf(code), code, reason, by: 'server', clean: false };
  }
  const { code = 1005, reason = '' } = ends;
  return { status: closeStatusOf(code), code, reason, by: 'client', clean: true };
}

/** Takes the channel, and notes what it is told before the application of the case is, which hears nothing of a further message. */
function listener({ received, closings }: Heard, handlers: ChannelHandlers = {}): Handler {
  return (request) =>
    asChannel(request, {
      ...handlers,
      onReceive: (channel, message) => {
        received.push(describeMessage(message));
        return message === 'further' ? undefined : handlers.onReceive?.(channel, message);
      },
      onPing: (channel, data) => {
        received.push(describeControl('ping', data));
        return handlers.onPing?.(channel, data);
      },
      onPong: (channel, data) => {
        received.push(describeControl('pong', data));
        return handlers.onPong?.(channel, data);
      },
      onClose: (channel, status, detail) => {
        closings.push({ status, ...detail });
        return handlers.onClose?.(channel, status, detail);
      },
    });
}
