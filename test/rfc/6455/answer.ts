/** §4 Opening Handshake, as the server answers it. */

import { asChannel, type ChannelHandlers, type Handler } from 'longwire';
import { opening, text } from '../../support/frames.js';
import type { AnsweredCase, Rule, WebSocketCase } from '../../support/rfc.js';
import { declines, frames, opens } from './cases.js';

/** By §1.3, worked out by hand. */
const PROOFS: readonly (readonly [key: string, accept: string])[] = [
  ['dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
  ['AAAAAAAAAAAAAAAAAAAAAA==', 'ICX+Yqv66kxgM0FcWaLWlFLwTAI='],
  ['+/+/+/+/+/+/+/+/+/+/+Q==', 'tIX8I37/HXuaztIylReSwp90qx8='],
  ['000000000000000000000g==', 'Ia+ZzcmRN9NKARqTq4JUS5/sM/8='],
  ['/////////////////////w==', 'XXpj4jYzLM2yUE0C7TIgMwTQh2g='],
  ['x3JJHMbDL1EzLkh9GBhXDw==', 'HSmrc0sMlYUkAGmm5OPpG2HaGWk='],
];

const OFFER = 'chat, superchat';

/** A handshake that offers two subprotocols to an application that wants these. */
function agrees(what: string, protocols: ChannelHandlers['protocols'], agreed: string | null, offered: string | readonly string[] | undefined = OFFER): WebSocketCase {
  const each = opens('', { 'Sec-WebSocket-Protocol': offered }, { fields: { 'sec-websocket-protocol': agreed } });
  return { ...each, name: `agrees on ${what}`, handlers: { protocols, onOpen: (channel) => channel.send(channel.protocol) }, sent: [`text ${agreed ?? ''}`] };
}

/** The application answers the handshake as any request; what follows is not looked at. */
function refuses(what: string, handler: Handler, answered: AnsweredCase['answered'][number]): AnsweredCase {
  return { name: what, bytes: opening() + frames(text('behind')), handler, answered: [{ ...answered, fields: { connection: 'close', 'sec-websocket-accept': null, ...answered.fields } }], closes: true, served: 1 };
}

export const ANSWER: readonly Rule[] = [
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'Step 1: on a TLS port all of it, the handshake among it, runs through TLS.',
    heldBy: [{ file: 'server/tls.test.ts', name: 'speaks WebSocket over TLS with the client of ws' }],
  },
  {
    section: '4.2.2',
    level: 'MAY',
    rule: 'Steps 2 and 3: the server may ask for credentials, or redirect.',
    cases: [
      refuses('asks for credentials', () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="a"' } }), { status: 401, fields: { 'www-authenticate': 'Basic realm="a"' } }),
      refuses('redirects', () => ({ status: 307, headers: { Location: '/other' } }), { status: 307, fields: { location: '/other' } }),
    ],
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'Step 4, origin: an origin that is not accepted is answered with an error, such as 403, and the handshake ends.',
    cases: [
      declines('a page of another origin that sends cookies', { Origin: 'http://elsewhere', Cookie: 'a=b' }, undefined, { status: 403 }),
      opens('the own origin and cookies', { Origin: 'http://localhost', Cookie: 'a=b' }),
      { ...opens('an origin of the list', { Origin: 'https://example.org' }), options: { allowedOrigins: ['https://example.org'] } },
    ],
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'Step 4, version: another than 13 is answered with an error, such as 426, and a Sec-WebSocket-Version of 13.',
    cases: [
      declines('version 8, saying which one is spoken', { 'Sec-WebSocket-Version': '8' }, undefined, {
        status: 426,
        head: ['HTTP/1.1 426 Upgrade Required', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Content-Type: text/plain; charset=utf-8', 'Content-Length: 33', 'Connection: close, Upgrade'],
      }),
      declines('version 8 ahead of what else is wrong', { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Key': undefined }, undefined, { status: 426, fields: { 'sec-websocket-version': '13' } }),
    ],
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'Step 4, resource name: a service that there is not is answered with an error, such as 404, and the handshake ends.',
    cases: [
      refuses('answers 404 where the handler takes no channel', () => undefined, { status: 404 }),
      refuses('answers as the handler does later', async () => Promise.resolve({ status: 503, body: 'later' }), { status: 503, body: 'later' }),
      { ...refuses('answers 500 where the handler fails', () => Promise.reject(new Error('failed')), { status: 500 }), reports: 1 },
    ],
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'Step 4, subprotocol: it is one of those offered, or there is none.',
    cases: [
      agrees('what both speak', ['superchat'], 'superchat'),
      agrees('what the server wants most', ['x', 'superchat', 'chat'], 'superchat'),
      agrees('what is offered in a second field', ['superchat'], 'superchat', ['chat', 'superchat']),
      agrees('what the application chooses', (offered) => offered[0], 'chat'),
      agrees('nothing where the application chooses nothing', () => undefined, null),
      agrees('nothing where the server wants another', ['x'], null),
      agrees('nothing where the case differs', ['Chat'], null),
      agrees('nothing where one is a part of the other', ['cha', 'superchat2'], null),
      agrees('nothing where the server wants nothing', undefined, null),
      agrees('nothing where nothing is offered', ['chat'], null, []),
      {
        ...refuses('answers 500 where the application chooses what was not offered', (request) => asChannel(request, { protocols: () => 'x' }), { status: 500, fields: { 'sec-websocket-protocol': null } }),
        bytes: opening({ 'Sec-WebSocket-Protocol': OFFER }),
        reports: 1,
      },
    ],
  },
  {
    section: '4.2.2',
    level: 'MUST NOT',
    rule: 'Step 4, extensions: none is listed that the client did not offer.',
    because: 'it is what §9.1 is held to below',
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'Step 5: the answer is a 101 with Upgrade and Connection, and nothing else that nobody asked for.',
    cases: [
      opens('no wishes', {}, { head: ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='] }),
      {
        ...opens('fields of the application', { 'Sec-WebSocket-Protocol': 'chat' }),
        handlers: { protocols: ['chat'], headers: { 'Set-Cookie': ['a=1', 'b=2'] } },
        opened: {
          head: ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'Sec-WebSocket-Protocol: chat', 'Set-Cookie: a=1', 'Set-Cookie: b=2'],
        },
      },
    ],
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'Step 5: Sec-WebSocket-Accept is the base64 of the SHA-1 of the key and the GUID.',
    cases: PROOFS.map(([key, accept]) => opens(`the proof of the key ${key}`, { 'Sec-WebSocket-Key': key }, { fields: { 'sec-websocket-accept': accept } })),
  },
  {
    section: '4.2.2',
    level: 'MAY',
    rule: 'From the answer on the server may send.',
    cases: [{ name: 'sends right behind the 101', bytes: '', received: [], handlers: { onOpen: (channel) => channel.send('welcome') }, sent: ['text welcome'] }],
  },
  {
    section: '4.4',
    level: 'MUST',
    rule: 'A version that is not spoken is answered with all that are.',
    cases: [declines('version 25, naming 13', { 'Sec-WebSocket-Version': '25' }, undefined, { status: 426, fields: { 'sec-websocket-version': '13' } })],
  },
];
