/**
 * The demo: one room, entered by WebSocket, event stream and long polling alike.
 *
 *   /              the page
 *   /room          GET hears the room, as a WebSocket, an event stream or a poll; POST speaks in it, as does a WebSocket
 *   /room/count    POST lets the server count to a hundred
 *   /room/cut      POST cuts the connections of a page
 *   /stats         hears the dashboard, in the same three ways
 *
 * Whoever enters says with `?since=` which message was the last it heard. With a bus, several servers share one room.
 */

import {
  type Bus, type HandlerResult, type HttpRequest, type HttpResponse, MemoryChannelStore, ProtocolError, runServer, type Server, type ServerOptions, type StoreOptions,
} from 'longwire';
import { Dashboard } from './dashboard.js';
import { MAX_DRAFT_BYTES, parseCut, parseDraft, Refusal } from './draft.js';
import { loadFiles, plain } from './files.js';
import { corsOf, isForeign, preflight } from './origin.js';
import { Room, ROOM, ROOM_HISTORY } from './room.js';

export type Demo = Pick<Server, 'port' | 'url' | 'stats' | 'stop'>;

export interface DemoOptions extends ServerOptions, Pick<StoreOptions, 'onBusEvent'> {
  /** What carries the room to other servers. */
  readonly bus?: Bus | undefined;
}

/** Starts the demo on 127.0.0.1:9090, or where `options` say. Stopping it stops everything it started. */
export async function startDemo({ bus, onBusEvent, ...options }: DemoOptions = {}): Promise<Demo> {
  const file = await loadFiles();
  const store = new MemoryChannelStore({ bus, onBusEvent, groupOptions: (group) => (group === ROOM ? { history: ROOM_HISTORY } : undefined) });
  const dashboard = new Dashboard(store, () => ({ port: server.port, members: room.members(), stats: server.stats() }), bus !== undefined);
  const room = new Room(store, () => dashboard.changed());

  const hear: Readonly<Record<string, (request: HttpRequest) => HandlerResult>> = {
    '/room': (request) => room.enter(request),
    '/stats': (request) => dashboard.watch(request),
  };

  const handler = (request: HttpRequest): HandlerResult | Promise<HandlerResult> => {
    if (isForeign(request)) return plain(403, 'This room is entered from its own pages.');
    const methods = { GET: hear[request.path], POST: ACTIONS[request.path] };
    if (methods.GET === undefined && methods.POST === undefined) return file(request);
    if (request.method === 'OPTIONS') return preflight(request);
    if (request.method === 'GET' && methods.GET !== undefined) return methods.GET(request);
    if (request.method === 'POST' && methods.POST !== undefined) return act(room, request, methods.POST);
    return plain(405, 'GET hears, POST speaks.', { Allow: Object.entries(methods).filter(([, fn]) => fn !== undefined).map(([method]) => method).join(', ') });
  };

  const server = await runServer(handler, {
    host: '127.0.0.1',
    port: 9090,
    maxBodyBytes: MAX_DRAFT_BYTES,
    maxMessageBytes: MAX_DRAFT_BYTES,
    allowedOrigins: '*', // the handler judges every request alike
    ...options,
  });
  dashboard.publish();
  return {
    port: server.port,
    url: server.url,
    stats: () => server.stats(),
    stop: (stopOptions) => {
      room.stop();
      return server.stop(stopOptions).finally(() => dashboard.stop());
    },
  };
}

type Action = (room: Room, body: Uint8Array, request: HttpRequest) => void;

/** What a POST does, by its path. */
const ACTIONS: Readonly<Record<string, Action>> = {
  '/room': (room, body) => room.say(parseDraft(body)),
  '/room/count': (room, _body, { authority }) => room.count(authority),
  '/room/cut': (room, body) => {
    const { key, via } = parseCut(body);
    room.cut(key, via);
  },
};

async function act(room: Room, request: HttpRequest, action: Action): Promise<HttpResponse> {
  if (!/^application\/json\s*(;|$)/i.test(request.header('content-type') ?? '')) return refuse(request, 415, 'What is sent here is application/json.');
  try {
    action(room, await request.bytes(), request);
    return { status: 204, headers: corsOf(request) };
  } catch (error) {
    if (error instanceof Refusal) return refuse(request, 422, error.message);
    if (error instanceof ProtocolError && error.status === 413) return refuse(request, 413, `A message is at most ${MAX_DRAFT_BYTES} bytes.`);
    throw error;
  }
}

function refuse(request: HttpRequest, status: number, text: string): HttpResponse {
  return plain(status, text, corsOf(request));
}
