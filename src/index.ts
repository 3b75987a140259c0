/** Longwire: an HTTP/1.1 and WebSocket server with one asynchronous Channel for streaming, long polling and WebSocket. */

export { asChannel, asEventStream, withChannel } from './channel/as-channel.js';
export type { Bus, BusHistory, BusListener, BusMessage, BusSubscription } from './channel/bus.js';
export type { ClosedBy, CloseDetail, CloseStatus } from './channel/close-status.js';
export type { Channel, ChannelHandlers, Handler, HandlerResult, HandshakeError, Message, SendOptions } from './channel/contract.js';
export { MemoryChannelStore } from './channel/store.js';
export type { BroadcastOptions, ChannelStore, DeliveryStats, JoinOptions, MemberCounts, MessageFor, StoreStats } from './channel/store-contract.js';
export type { BusEvent, GroupOptions, HistoryOptions, OnSlow, StoreOptions } from './channel/store-options.js';
export { scheduleTask } from './channel/timer.js';
export type { PerMessageDeflate } from './deflate-options.js';
export type { DiagnosticsEvents } from './diagnostics.js';
export { ProtocolError, UsageError } from './errors.js';
export type { Body, HeaderFields, HttpRequest, HttpResponse, Outgoing, ServerSentEvent } from './http/contract.js';
export type { ClientOfError, ServerOptions } from './options.js';
export { runServer, type Server, type ServerStats, type ServerStatus, type StopOptions, type StopResult } from './server.js';
