/**
 * What the loads send, as bytes, and how long and how right the answer to it is. The harness knows the same bytes, for the server that parses
 * nothing.
 */

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { encodeClientFrame, frameLength, framePayload } from './web-socket-frames.js';

/** A request over HTTP. `differing` heads have eight characters of target and cookie that the load changes each time. */
export interface HttpTrafficSpec {
  readonly kind: 'http';
  readonly head: 'plain' | 'browser' | 'differing';
  /** Bytes of a POST; 0 is a GET. */
  readonly bodyBytes: number;
  /** The bytes of the answer's body; it is checked once a connection. */
  readonly expect: 'hello' | 'body' | 'download';
  /** Whether the server is to close the connection behind the answer. */
  readonly closes?: boolean;
}

/** How messages are wrapped: not at all, or as the events of socket.io. */
export type Dialect = 'plain' | 'socket.io';

/** A message that is echoed. */
export interface WebSocketTrafficSpec {
  readonly kind: 'websocket';
  readonly type: 'text' | 'binary';
  readonly messageBytes: number;
  readonly isCompressed?: boolean;
  readonly dialect?: Dialect;
}

/** How a member of a group is connected. */
export type MemberKind = 'websocket' | 'event-stream' | 'stream' | 'poll';

/** A message that makes the server send so many to all. */
export interface BroadcastTrafficSpec {
  readonly kind: 'broadcast';
  readonly messages: number;
  /** Bytes of each message; 128 by default. */
  readonly messageBytes?: number;
  readonly dialect?: Dialect;
}

/** A group in which a request of somebody else makes the server send so many messages to all. A long poll takes one, and is then asked anew. */
export interface GroupTrafficSpec {
  /** Members are of these kinds in turn. */
  readonly members: readonly MemberKind[];
  readonly messages: number;
  readonly messageBytes: number;
  /** That of its WebSockets. */
  readonly dialect?: Dialect;
}

export type TrafficSpec = HttpTrafficSpec | WebSocketTrafficSpec | BroadcastTrafficSpec;

/** Something that is sent, and has to be answered before anything else. */
export interface Step {
  readonly bytes: Buffer;
  /** What the answer's status has to be, where it is one over HTTP. */
  readonly status?: number;
  /** The length of the answer that begins here; `undefined` while more must come. */
  answerLength(bytes: Buffer): number | undefined;
}

export interface Traffic {
  /** What a connection begins with, such as a handshake; empty for nothing. */
  readonly opening: readonly Step[];
  readonly request: Buffer;
  /** The same with marks, where it differs each time: in their place stand as many digits. */
  readonly template: Buffer;
  /** The bytes of the answer that begins here; `undefined` while more must come. */
  answerLength(bytes: Buffer): number | undefined;
  /** Throws when a whole answer is not what it has to be. */
  checkAnswer(bytes: Buffer): void;
}

/** Stands where a differing head differs. */
export const MARK = '########';
const NO_MARK = '00000000';
const BROADCAST_MESSAGE_BYTES = 128;

const HELLO = 'hello';
const DOWNLOAD_BYTES = 1024 ** 2;
const HEAD_END = '\r\n\r\n';
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const DEFLATE_OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n';
/** What ends a deflated message, and is left out of its frames (RFC 7692 §7.2.1). */
const DEFLATE_TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** 14 header lines, Host among them, in the order and with the lengths of a browser's. */
const BROWSER_FIELDS = [
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Mode: navigate',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
];

export function trafficOf(spec: TrafficSpec): Traffic {
  if (spec.kind === 'http') return httpTraffic(spec);
  return spec.kind === 'websocket' ? echoTraffic(spec) : broadcastTraffic(spec);
}

/** The request that makes the server send messages to a group; it is answered when they are sent. */
export function askTraffic({ messages }: GroupTrafficSpec): Traffic {
  const request = Buffer.from(`GET /ask?messages=${messages} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return { opening: [], request, template: request, answerLength: httpAnswerLength, checkAnswer: (bytes) => checkHttp(bytes, Buffer.from(HELLO)) };
}

/** What comes to a member of a group. Only a poll sends a request for each answer; all others have sent theirs to join. */
export function memberTraffic(kind: MemberKind, { messages, messageBytes, dialect = 'plain' }: GroupTrafficSpec): Traffic {
  if (kind === 'websocket') return { ...broadcastTraffic({ kind: 'broadcast', messages, messageBytes, dialect }), opening: openingOf(dialect, '', '/websocket') };
  const request = Buffer.from(`GET /${kind} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  if (kind === 'poll') return { opening: [], request, template: request, answerLength: httpAnswerLength, checkAnswer: (bytes) => checkHttp(bytes, Buffer.alloc(messageBytes), false) };
  const around = kind === 'event-stream' ? 'data: \n\n'.length : 0;
  return {
    opening: [{ bytes: request, status: 200, answerLength: headLength }],
    request,
    template: request,
    answerLength: (bytes) => lengthOf(bytes, messages, chunkLength),
    checkAnswer(bytes) {
      for (let at = 0; at < bytes.length; at += chunkLength(bytes.subarray(at))!) {
        if (Number.parseInt(bytes.toString('latin1', at, at + 8), 16) !== messageBytes + around) throw new Error('a message to the group has another length');
      }
    },
  };
}

function httpTraffic({ head, bodyBytes, expect, closes = false }: HttpTrafficSpec): Traffic {
  const body = Buffer.alloc(bodyBytes, 'x');
  const mark = head === 'differing' ? MARK : NO_MARK;
  const lines = [`${bodyBytes > 0 ? 'POST' : 'GET'} ${head === 'differing' ? `/items/${mark}` : '/'} HTTP/1.1`, 'Host: localhost'];
  if (head !== 'plain') lines.push(...BROWSER_FIELDS, `Cookie: theme=dark; session=3f6c1a9e5b7d42c8; seen=${mark}`);
  if (closes) lines.push('Connection: close');
  if (bodyBytes > 0) lines.push('Content-Type: application/octet-stream', `Content-Length: ${bodyBytes}`);
  const expected = expect === 'hello' ? Buffer.from(HELLO) : expect === 'body' ? body : Buffer.alloc(DOWNLOAD_BYTES, 'x');
  const template = lines.join('\r\n') + HEAD_END;
  return {
    opening: [],
    request: Buffer.concat([Buffer.from(template.replaceAll(MARK, NO_MARK)), body]),
    template: Buffer.concat([Buffer.from(template), body]),
    answerLength: httpAnswerLength,
    checkAnswer: (bytes) => checkHttp(bytes, expected),
  };
}

function echoTraffic({ type, messageBytes, isCompressed = false, dialect = 'plain' }: WebSocketTrafficSpec): Traffic {
  const payload = isCompressed ? jsonOf(messageBytes) : wrapped(Buffer.alloc(messageBytes, type === 'text' ? 'x' : 0xa7), dialect);
  const deflated = isCompressed ? deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -DEFLATE_TAIL.length) : undefined;
  const request = encodeClientFrame(type, deflated ?? payload, isCompressed);
  return {
    opening: openingOf(dialect, isCompressed ? DEFLATE_OFFER : ''),
    request,
    template: request,
    answerLength: (bytes) => frameLength(bytes),
    checkAnswer(bytes) {
      const { payload: answered, isDeflated } = framePayload(bytes);
      if (isDeflated !== isCompressed) throw new Error(`the answer is ${isDeflated ? '' : 'not '}compressed`);
      if (!(isDeflated ? inflate(answered) : answered).equals(payload)) throw new Error('the message that came back is another');
    },
  };
}

function broadcastTraffic({ messages, messageBytes = BROADCAST_MESSAGE_BYTES, dialect = 'plain' }: BroadcastTrafficSpec): Traffic {
  const request = encodeClientFrame('text', wrapped(Buffer.from(String(messages)), dialect), false);
  const expectedBytes = wrapped(Buffer.alloc(messageBytes), dialect).length;
  return {
    opening: openingOf(dialect, ''),
    request,
    template: request,
    answerLength: (bytes) => lengthOf(bytes, messages, frameLength),
    checkAnswer(bytes) {
      for (let at = 0; at < bytes.length; at += frameLength(bytes.subarray(at))!) {
        if (framePayload(bytes.subarray(at)).payload.length !== expectedBytes) throw new Error('a message of the broadcast has another length');
      }
    },
  };
}

function wrapped(payload: Buffer, dialect: Dialect): Buffer {
  return dialect === 'plain' ? payload : Buffer.concat([Buffer.from('42["m","'), payload, Buffer.from('"]')]);
}

/** socket.io speaks first, and is then asked to connect. */
function openingOf(dialect: Dialect, fields: string, target = '/'): readonly Step[] {
  if (dialect === 'plain') return [{ bytes: handshake(target, fields), status: 101, answerLength: headLength }];
  return [
    {
      bytes: handshake('/socket.io/?EIO=4&transport=websocket', fields),
      status: 101,
      answerLength(bytes) {
        const head = headLength(bytes);
        const frame = head && frameLength(bytes.subarray(head));
        return head && frame && head + frame;
      },
    },
    { bytes: encodeClientFrame('text', Buffer.from('40'), false), answerLength: frameLength },
  ];
}

/** The request that opens a WebSocket; `fields` are further header lines, each with its CR LF. */
function handshake(target: string, fields: string): Buffer {
  const lines = [`GET ${target} HTTP/1.1`, 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`];
  return Buffer.from(`${lines.join('\r\n')}\r\n${fields}\r\n`);
}

/** The length of the head of a whole answer, or `undefined`. */
export function headLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEAD_END);
  return end === -1 ? undefined : end + HEAD_END.length;
}

function httpAnswerLength(bytes: Buffer): number | undefined {
  const head = headLength(bytes);
  if (head === undefined) return undefined;
  const length = contentLength(bytes, head);
  if (length !== undefined) return bytes.length < head + length ? undefined : head + length;
  const end = bytes.indexOf(`\r\n0${HEAD_END}`, head);
  return end === -1 ? undefined : end + 7;
}

function contentLength(bytes: Buffer, head: number): number | undefined {
  const field = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head));
  return field === null ? undefined : Number(field[1]);
}

/** @param isSame whether the body has to be the expected one, or only as long. */
function checkHttp(bytes: Buffer, expected: Buffer, isSame = true): void {
  if (!bytes.toString('latin1', 0, 13).startsWith('HTTP/1.1 200 ')) throw new Error('the answer is no 200');
  const body = httpBody(bytes);
  if (isSame ? !body.equals(expected) : body.length !== expected.length) throw new Error('the body of the answer is not what it has to be');
}

/** The length of so many parts, one behind the other, or `undefined`. */
function lengthOf(bytes: Buffer, parts: number, partLength: (bytes: Buffer) => number | undefined): number | undefined {
  let length = 0;
  for (let i = 0; i < parts; i++) {
    const next = partLength(bytes.subarray(length));
    if (next === undefined) return undefined;
    length += next;
  }
  return length;
}

/** The length of a whole chunk with its lines, or `undefined`. */
function chunkLength(bytes: Buffer): number | undefined {
  const lineEnd = bytes.indexOf('\r\n');
  if (lineEnd === -1) return undefined;
  const length = lineEnd + 2 + Number.parseInt(bytes.toString('latin1', 0, lineEnd), 16) + 2;
  return bytes.length < length ? undefined : length;
}

function httpBody(bytes: Buffer): Buffer {
  const head = headLength(bytes) ?? 0;
  if (contentLength(bytes, head) !== undefined) return bytes.subarray(head);
  const chunks: Buffer[] = [];
  for (let at = head; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}

function inflate(deflated: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([deflated, DEFLATE_TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
}

/** JSON of so many bytes, as an application would send it: records that are alike and not the same. */
function jsonOf(length: number): Buffer {
  const records = Array.from({ length: Math.ceil(length / 60) }, (_, i) => ({ id: 1000 + i * 7, name: `user ${(i * 7919) % 997}`, isActive: i % 3 === 0, score: (i * 37) % 101 }));
  const text = JSON.stringify(records);
  return Buffer.from(text.length >= length ? text.slice(0, length) : text.padEnd(length));
}
