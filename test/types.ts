/**
 * The types as users meet them: what must compile, and what must not. Nothing here runs; the build is the test, and an
 * `@ts-expect-error` above a line that compiles fails it.
 */

import type { NatsConnection } from '@nats-io/transport-node';
import { Cluster, Redis } from 'ioredis';
import {
  asChannel,
  asEventStream,
  type Body,
  type Bus,
  type Channel,
  type ChannelHandlers,
  type ChannelStore,
  type CloseDetail,
  type CloseStatus,
  type Handler,
  type HandlerResult,
  type HeaderFields,
  type HttpRequest,
  type HttpResponse,
  MemoryChannelStore,
  type Message,
  type Outgoing,
  ProtocolError,
  runServer,
  scheduleTask,
  type SendOptions,
  type Server,
  type ServerOptions,
  type ServerSentEvent,
  type ServerStats,
  type StoreOptions,
  type StoreStats,
  UsageError,
  withChannel,
} from 'longwire';
import { NatsBus } from 'longwire/nats';
import { RedisBus } from 'longwire/redis';
import { createClient, createCluster } from 'redis';
import { connect, type Connection } from 'longwire/client';

/** Compiles only where `A` and `B` are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(isSame: Same<A, B>): void;
declare function accepts<T>(value: T): void;

declare const request: HttpRequest;
declare const channel: Channel;
declare const lobby: Channel<{ name: string }>;

interface Visitor {
  name: string;
}

export function handlers(): void {
  accepts<Handler>(() => 'text');
  accepts<Handler>(() => ({ status: 204 }));
  accepts<Handler>(() => ({ headers: { 'X-Count': 1 }, body: 'text' }));
  accepts<Handler>(() => undefined);
  accepts<Handler>(() => null);
  accepts<Handler>(() => {});
  accepts<Handler>(async () => {});
  accepts<Handler>(async (each) => ({ body: await each.text() }));
  accepts<Handler>((each) => asChannel(each));
  accepts<Handler>((each) => asChannel<Visitor>(each));
  accepts<Handler>(async (each) => asChannel<Visitor>(each, { onReceive: (to, message) => to.send(message) }));
  accepts<Handler>((each) => withChannel(each, () => {}));
  accepts<Handler>((each) => (each.isWebSocketUpgrade ? asChannel(each) : { status: 426 }));
  // @ts-expect-error a number is no response
  accepts<Handler>(() => 404);
  // @ts-expect-error bytes are a body, not a response
  accepts<Handler>(() => new Uint8Array(1));
  // @ts-expect-error a status is a number
  accepts<Handler>(() => ({ status: '200' }));
  // @ts-expect-error a body is no number
  accepts<Handler>(() => ({ body: 1 }));
  // @ts-expect-error a body is no plain object
  accepts<Handler>(() => ({ body: { some: 'JSON' } }));
  // @ts-expect-error a handler takes one request
  accepts<Handler>((first, second) => `${first.url} ${String(second)}`);
  // @ts-expect-error a request is a request
  accepts<Handler>((each: string) => each);
}

export function results(): void {
  accepts<HandlerResult>(channel);
  accepts<HandlerResult>(lobby);
  // @ts-expect-error a misspelt field is no response
  accepts<HttpResponse>({ header: {} });
  // @ts-expect-error a promise is no result of its own
  accepts<HandlerResult>(Promise.resolve('text'));
}

export function headerFields(): void {
  accepts<HeaderFields>({ 'Content-Type': 'text/plain', 'Content-Length': 3, 'Set-Cookie': ['a=1', 'b=2'], 'X-None': undefined });
  accepts<HeaderFields>(new Headers());
  accepts<HeaderFields>(new Map([['a', 'b']]));
  accepts<HeaderFields>([['a', 'b'], ['a', 'c']]);
  accepts<HeaderFields>([['a', 'b']] as const);
  // @ts-expect-error a value is text, a number or a list of texts
  accepts<HeaderFields>({ 'X-Flag': true });
  // @ts-expect-error a pair has two members
  accepts<HeaderFields>([['a', 'b', 'c']]);
}

export function bodies(): void {
  accepts<Body>('text');
  accepts<Body>(Buffer.from('bytes'));
  accepts<Body>(null);
  accepts<Body>(['one', new Uint8Array(2)]);
  accepts<Body>(new Set(['one']));
  accepts<Body>((function* () { yield 'one'; })());
  accepts<Body>((async function* () { yield new Uint8Array(1); })());
  accepts<Body>(new ReadableStream<Uint8Array>());
  accepts<Body>(request.body);
  // @ts-expect-error pieces are text or bytes
  accepts<Body>([1, 2]);
  // @ts-expect-error an ArrayBuffer has no bytes of its own: wrap it in a Uint8Array
  accepts<Body>(new ArrayBuffer(1));
}

export function requests(): void {
  same<HttpRequest['method'], string>(true);
  same<HttpRequest['httpVersion'], '1.0' | '1.1'>(true);
  same<HttpRequest['scheme'], 'http' | 'https'>(true);
  same<ReturnType<HttpRequest['header']>, string | undefined>(true);
  same<HttpRequest['headers'][string], string | undefined>(true);
  accepts<Promise<unknown>>(request.json());
  accepts<Promise<Visitor>>(request.json<Visitor>());
  accepts<AsyncIterable<Uint8Array>>(request.body);
  accepts<AbortSignal>(request.signal);
  // @ts-expect-error what was sent is unknown until it was looked at
  void request.json().then((value) => value.name);
  // @ts-expect-error a request is read, not written
  request.method = 'POST';
  // @ts-expect-error and so are its headers
  request.headers['host'] = 'elsewhere';
}

export function channels(): void {
  same<Channel['data'], unknown>(true);
  same<Channel<Visitor>['data'], Visitor>(true);
  same<ReturnType<Channel['send']>, boolean>(true);
  same<Parameters<Channel['send']>, [data: Outgoing, closeAfterSend?: boolean | undefined, options?: SendOptions | undefined]>(true);
  same<ReturnType<Channel['close']>, boolean>(true);
  same<ReturnType<Channel['ping']>, boolean>(true);
  same<ReturnType<Channel['drained']>, Promise<void>>(true);
  same<Message, string | Uint8Array>(true);
  lobby.data = { name: 'Ada' };
  lobby.onReceive(async (message) => void lobby.send(message, false));
  lobby.onClose((status: CloseStatus, detail: CloseDetail) => void `${status} ${detail.by}`);
  channel.send({ status: 404, body: 'gone' });
  same<Channel['isEventStream'], boolean>(true);
  same<Channel['lastEventId'], string>(true);
  channel.send({ event: 'news', id: '7', data: 'text', retry: 1_000 });
  channel.send({ data: new Uint8Array(1), id: undefined });
  accepts<ServerSentEvent>({ id: '7' });
  accepts<Outgoing>({ retry: 1_000 } satisfies ServerSentEvent);
  // @ts-expect-error an id is text
  channel.send({ id: 7, data: 'text' });
  // @ts-expect-error what an event says is text or bytes
  channel.send({ data: { some: 'JSON' } });
  // @ts-expect-error a misspelt field is no event
  accepts<ServerSentEvent>({ name: 'news', data: 'text' });
  // @ts-expect-error whether it is an event stream was decided when it was taken
  channel.isEventStream = true;
  // @ts-expect-error the slot has a type
  lobby.data = { name: 1 };
  // @ts-expect-error what is not typed has to be looked at first
  void channel.data.name;
  // @ts-expect-error a number is no message
  channel.send(1);
  // @ts-expect-error nothing is no message
  channel.send(null);
  // @ts-expect-error a close code is a number
  channel.close('normal');
  // @ts-expect-error whether a channel is open is its own affair
  channel.isOpen = false;
  // @ts-expect-error not a name of a status
  channel.onClose((status) => status === 'closed');
  // @ts-expect-error a channel is taken, not made
  accepts<Channel>({ isOpen: true });
}

export function takingAChannel(): void {
  same<ReturnType<typeof asChannel<Visitor>>, Channel<Visitor>>(true);
  const typed = asChannel<Visitor>(request, {
    init: (each) => void (each.data = { name: 'Ada' }),
    onOpen: (each) => each.data.name,
    onReceive: (each, message) => each.send(message),
    onClose: (each, status, { code, reason, by, clean }) => console.log(each.data.name, status, code, reason, by, clean),
    onHandshakeError: ({ status, reason }) => console.log(status, reason),
    protocols: ['chat'],
    headers: { 'Set-Cookie': 'a=1' },
  });
  same<typeof typed, Channel<Visitor>>(true);
  same<ReturnType<typeof withChannel<Visitor>>, Channel<Visitor>>(true);
  same<ReturnType<typeof asEventStream<Visitor>>, Channel<Visitor>>(true);
  accepts<Handler>((each) => asEventStream<Visitor>(each, { onOpen: (to) => to.send({ data: to.data.name }), headers: { 'X-A': 'b' } }));
  accepts<ChannelHandlers>({ protocols: (offered) => offered[0] });
  // @ts-expect-error a misspelt handler would never run
  asChannel(request, { onMessage: () => {} });
  // @ts-expect-error the slot has a type
  asChannel<Visitor>(request, { init: (each) => void (each.data = 'Ada') });
  // @ts-expect-error there is no channel without a request
  asChannel();
  // @ts-expect-error a function is needed
  withChannel(request);
}

export function stores(): void {
  const store: ChannelStore<number> = new MemoryChannelStore<number>();
  store.addToGroup('room', channel, 1);
  store.addToGroup('room', lobby);
  store.removeFromGroup('room', lobby);
  same<ReturnType<typeof store.broadcast>, number>(true);
  store.broadcast('room', 'text', { except: lobby });
  store.broadcast('room', new Uint8Array(1));
  store.broadcast('room', { headers: {}, body: 'text' });
  store.broadcast('room', { event: 'news', id: '7', data: 'text' });
  store.broadcast('room', (member, readUpTo) => {
    same<typeof readUpTo, number | undefined>(true);
    return member.isWebSocket ? `${readUpTo}` : undefined;
  });
  same<ReturnType<MemoryChannelStore['members']>, Channel[]>(true);
  store.addToGroup('room', channel, 1, { since: request.searchParams.get('since'), headers: { 'X-A': 'b' } });
  store.broadcast('room', 'text', { key: 'price' });
  accepts<StoreOptions>({ history: { maxMessages: 10 }, onSlow: 'latest', groupOptions: (group) => (group === 'room' ? { history: false } : undefined) });
  accepts<StoreOptions>({ onBusEvent: (event) => console.log(event.type === 'restored' ? event.hasGap : event.error) });
  const memory = new MemoryChannelStore<number>({ history: true });
  same<ReturnType<typeof memory.stats>, StoreStats>(true);
  accepts<readonly [string, number]>([memory.position('room'), memory.counts('room').polls]);
  // @ts-expect-error not a way to treat slow members
  accepts<StoreOptions>({ onSlow: 'wait' });
  // @ts-expect-error an id is text
  store.addToGroup('room', channel, 1, { since: 7 });
  // @ts-expect-error the attachment has a type
  store.addToGroup('room', channel, 'one');
  // @ts-expect-error a group has a name
  store.broadcast(1, 'text');
  // @ts-expect-error what a function sends is text, bytes or a response
  store.broadcast('room', () => 1);
  // @ts-expect-error the attachment need not be there
  store.broadcast('room', (_member, readUpTo) => readUpTo.toFixed());
  // @ts-expect-error a member is a channel
  store.addToGroup('room', 'Ada');
}

export async function servers(): Promise<void> {
  same<ReturnType<typeof runServer>, Promise<Server>>(true);
  await using server = await runServer(() => 'hello', { port: 0, host: undefined, onOverflow: 'drop', maxBodyBytes: Infinity });
  same<Server['status'], 'running' | 'stopping' | 'stopped'>(true);
  accepts<ServerStats>(server.stats());
  const { closed, destroyed } = await server.stop({ timeoutMs: 1, onDraining: async () => {} });
  accepts<readonly number[]>([closed, destroyed, server.port]);
  accepts<ServerOptions>({ tls: { key: 'key', cert: 'cert' }, onClientError: ({ code, rfc, status, closeCode }) => console.log(code, rfc, status, closeCode) });
  // @ts-expect-error a handler is needed
  await runServer({ port: 0 });
  // @ts-expect-error a misspelt option would be ignored
  accepts<ServerOptions>({ prot: 9090 });
  // @ts-expect-error a port is a number
  accepts<ServerOptions>({ port: '9090' });
  // @ts-expect-error there are two ways to overflow
  accepts<ServerOptions>({ onOverflow: 'wait' });
  // @ts-expect-error an error may be anything until it was looked at
  accepts<ServerOptions>({ onError: (error) => error.message });
  // @ts-expect-error statistics are read, not written
  server.stats().requests = 0;
}

export function client(): void {
  same<ReturnType<typeof connect>, Connection>(true);
  same<Connection['state']['state'], 'connecting' | 'open' | 'waiting' | 'closed'>(true);
  const connection = connect(['wss://a.example/room', '/room'], {
    transports: ['websocket', 'poll'],
    since: undefined,
    onMessage: (data, { id, event }) => {
      same<typeof data, string | Uint8Array>(true);
      same<typeof id, string | undefined>(true);
      same<typeof event, string | undefined>(true);
    },
    onState: ({ ending }) => ending?.status === 401 && connection.close(),
  });
  connect(async () => '/room');
  connection.use();
  connection.use('event-stream', 'poll');
  accepts<Promise<void>>(connection.send(new Uint8Array(1)));
  // @ts-expect-error not a name of a transport
  connection.use('pigeon');
  // @ts-expect-error a misspelt option would be ignored
  connect('/room', { onMesage: () => {} });
  // @ts-expect-error a number is no message
  void connection.send(1);
  // @ts-expect-error where it stands is its own affair
  connection.id = '';
}

export function buses(): void {
  accepts<Bus>(new RedisBus(createClient()));
  accepts<Bus>(new RedisBus(createClient({ RESP: 2 }), { prefix: 'app:', publishTimeoutMs: 1_000, maxPendingBytes: 1_000 }));
  accepts<Bus>(new RedisBus(createCluster({ rootNodes: [] })));
  accepts<Bus>(new RedisBus(new Redis()));
  accepts<Bus>(new RedisBus(new Cluster([])));
  accepts<(connection: NatsConnection) => Bus>((connection) => new NatsBus(connection));
  new MemoryChannelStore({ bus: new RedisBus(new Redis()) });
  // @ts-expect-error no client
  new RedisBus({});
  // @ts-expect-error no client either
  new RedisBus('redis://127.0.0.1');
  // @ts-expect-error not the connection of another
  new NatsBus(new Redis());
}

export function errors(): void {
  same<ReturnType<typeof scheduleTask>, () => boolean>(true);
  accepts<Error>(new UsageError('so'));
  const error: unknown = undefined;
  if (error instanceof ProtocolError) same<typeof error.status, number | undefined>(true);
}
