/**
 * The demo: one room, entered by WebSocket, HTTP streaming and long polling alike.
 *
 *   /                                  the page
 *   /room/websocket                    a WebSocket: hears the room, and speaks in it
 *   /room/streaming, /room/polling     GET hears the room, POST speaks in it
 *   /stats                             a WebSocket: hears the dashboard
 *
 * Whoever enters the room says with `?since=` which message was the last it heard.
 */

import {
  asChannel, type Channel, type HandlerResult, type HttpRequest, type HttpResponse, type Message, ProtocolError, runServer, type Server, type ServerOptions,
} from 'longwire';
import { Dashboard } from './dashboard.js';
import { MAX_DRAFT_BYTES, parseDraft, Refusal } from './draft.js';
import { loadFiles, plain } from './files.js';
import { Room, type Transport } from './room.js';

const TRANSPORT_OF_PATH = new Map<string, Transport>([
  ['/room/websocket', 'websocket'],
  ['/room/streaming', 'streaming'],
  ['/room/polling', 'polling'],
]);

export type Demo = Pick<Server, 'port' | 'url' | 'stats' | 'stop'>;

/** Starts the demo on 127.0.0.1:9090, or where `options` say. Stopping it stops everything it started. */
export async function startDemo(options: ServerOptions = {}): Promise<Demo> {
  const file = await loadFiles();
  const dashboard = new Dashboard(() => ({ members: room.members(), stats: server.stats() }));
  const room = new Room(() => dashboard.changed());

  const handler = (request: HttpRequest): HandlerResult | Promise<HandlerResult> => {
    if (isForeign(request)) return plain(403, 'This room is entered from its own page.');
    const transport = TRANSPORT_OF_PATH.get(request.path);
    if (transport !== undefined) return request.method === 'POST' ? speak(room, request, transport) : enter(room, request, transport);
    if (request.path !== '/stats') return file(request);
    return request.isWebSocketUpgrade ? asChannel(request, { onOpen: (channel) => dashboard.watch(channel) }) : upgradeRequired();
  };

  const server = await runServer(handler, { host: '127.0.0.1', port: 9090, maxBodyBytes: MAX_DRAFT_BYTES, maxMessageBytes: MAX_DRAFT_BYTES, ...options });
  return {
    port: server.port,
    url: server.url,
    stats: () => server.stats(),
    stop: (stopOptions) => server.stop(stopOptions).finally(() => dashboard.stop()),
  };
}

/** Takes the request's channel into the room. The same for all three, but that a WebSocket speaks on the channel it hears on. */
function enter(room: Room, request: HttpRequest, transport: Transport): HandlerResult {
  if (request.method !== 'GET') return plain(405, 'GET hears the room, POST speaks in it.', { Allow: 'GET, POST' });
  if (request.isWebSocketUpgrade !== (transport === 'websocket')) return transport === 'websocket' ? upgradeRequired() : plain(400, 'This is not a WebSocket.');
  const since = Number(request.searchParams.get('since')) || 0;
  return asChannel(request, {
    onOpen: (channel) => room.enter(channel, transport, since),
    onReceive: (channel, message) => hear(room, channel, message),
  });
}

function hear(room: Room, channel: Channel, message: Message): void {
  try {
    room.say(parseDraft(message), 'websocket');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    channel.send(`${JSON.stringify({ error: error.message })}\n`);
  }
}

async function speak(room: Room, request: HttpRequest, transport: Transport): Promise<HttpResponse> {
  if (transport === 'websocket') return upgradeRequired();
  if (!/^application\/json\s*(;|$)/i.test(request.header('content-type') ?? '')) return refuse(415, 'A message is sent as application/json.');
  try {
    room.say(parseDraft(await request.bytes()), transport);
    return { status: 204 };
  } catch (error) {
    if (error instanceof Refusal) return refuse(422, error.message);
    if (error instanceof ProtocolError && error.status === 413) return refuse(413, `A message is at most ${MAX_DRAFT_BYTES} bytes.`);
    throw error;
  }
}

function refuse(status: number, error: string): HttpResponse {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ error }) };
}

function upgradeRequired(): HttpResponse {
  return plain(426, 'This is entered by WebSocket.', { Upgrade: 'websocket' });
}

/** Whether another site's page asks. Browsers let any page open a WebSocket anywhere, and say only where it came from. */
function isForeign(request: HttpRequest): boolean {
  const origin = request.header('origin');
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== request.header('host'));
}
