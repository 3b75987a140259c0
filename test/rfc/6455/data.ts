/** §5.6 Data Frames, §5.8 Extensibility, and §6 Sending and Receiving Data. */

import { binary, clientFrame, ping, text } from '../../support/frames.js';
import type { Rule } from '../../support/rfc.js';
import { bytes, fragment, frames, pattern } from './cases.js';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

export const DATA: readonly Rule[] = [
  {
    section: '5.6',
    level: 'MUST',
    rule: 'A text is UTF-8 as a whole, though a frame may hold a part of a character.',
    cases: [
      ...['', 'Hello', 'grüße', 'κόσμε', '\0\x01\x7f', '\u{feff}a', '\u{10ffff}\u{ffff}\u{fffe}', '😀'.repeat(50)].map((each, i) => ({ name: `takes text ${i + 1} of several kinds`, bytes: frames(text(each)), received: [`text ${each}`] })),
      { name: 'takes a character in four frames', bytes: frames(fragment(1, bytes('f0')), fragment(0, bytes('9f')), fragment(0, bytes('98')), fragment(0, bytes('80'), true)), received: ['text 😀'] },
    ],
  },
  {
    section: '5.6',
    level: 'ought to',
    rule: 'A binary message holds any bytes.',
    cases: [
      { name: 'takes every byte', bytes: frames(binary(EVERY_BYTE)), received: [`binary ${EVERY_BYTE.toString('hex')}`] },
      { name: 'takes what is no UTF-8', bytes: frames(binary(bytes('c080 ff eda080'))), received: ['binary c080ffeda080'] },
      { name: 'takes what looks like frames', bytes: frames(binary(clientFrame({ opcode: 8 }))), received: [`binary ${clientFrame({ opcode: 8 }).toString('hex')}`] },
      { name: 'takes what is no UTF-8, in fragments', bytes: frames(fragment(2, bytes('ff')), fragment(0, bytes('c0'), true)), received: ['binary ffc0'] },
    ],
  },
  {
    section: '5.8',
    level: 'MUST',
    rule: 'What an extension defines is used only where it was agreed on.',
    because: 'it is what §5.2 and §9.1 are held to',
  },
  {
    section: '6.1',
    level: 'MUST',
    rule: 'Step 1: a message is sent only while the WebSocket is open.',
    cases: [
      { name: 'sends nothing that is ready behind a Close of the client', bytes: frames(text('go'), clientFrame({ opcode: 8 })), received: ['text go'], handlers: { onClose: (channel) => void channel.send('late') }, ends: {} },
    ],
  },
  {
    section: '6.1',
    level: 'MUST',
    rule: 'Steps 2 to 4: a message goes out in frames of its type, the last with FIN; here in one.',
    cases: [
      { name: 'sends a string as text and bytes as a binary message', bytes: frames(text('?')), received: ['text ?'], handlers: { onReceive: (channel) => [channel.send('Hello'), channel.send(Uint8Array.of(1, 2))] }, sent: ['text Hello', 'binary 0102'] },
      { name: 'sends empty messages of both types', bytes: frames(text('?')), received: ['text ?'], handlers: { onReceive: (channel) => [channel.send(''), channel.send(new Uint8Array(0))] }, sent: ['text ', 'binary '] },
      { name: 'sends text with a lone surrogate as valid UTF-8', bytes: frames(text('?')), received: ['text ?'], handlers: { onReceive: (channel) => void channel.send('a\ud800b') }, sent: ['text a\ufffdb'] },
      { name: 'sends 100,000 bytes in one frame', bytes: frames(text('?')), received: ['text ?'], handlers: { onReceive: (channel) => void channel.send(pattern(100_000)) }, sent: [`binary ${pattern(100_000).toString('hex')}`] },
    ],
  },
  {
    section: '6.1',
    level: 'MUST',
    rule: 'Step 7: what was sent is transmitted, in its order.',
    cases: [
      { name: 'sends 100 messages in the order of the calls', bytes: frames(text('?')), received: ['text ?'], handlers: { onReceive: (channel) => Array.from({ length: 100 }, (_, i) => channel.send(`${i}`)) }, sent: Array.from({ length: 100 }, (_, i) => `text ${i}`) },
    ],
  },
  {
    section: '6.2',
    level: 'MUST',
    rule: 'Data frames behind the last of a message belong to a new one; its type is noted from the first.',
    cases: [
      { name: 'hands over each message by itself', bytes: frames(text('a'), text('b'), binary(Uint8Array.of(1)), binary(Uint8Array.of(2))), received: ['text a', 'text b', 'binary 01', 'binary 02'] },
      { name: 'hands over the same bytes as text and as a binary message', bytes: frames(text('ab'), binary(Buffer.from('ab'))), received: ['text ab', 'binary 6162'] },
      { name: 'takes nothing of one message into the next', bytes: frames(fragment(1, 'long beginning'), fragment(0, '', true), fragment(1, 'x'), fragment(0, '', true)), received: ['text long beginning', 'text x'] },
    ],
  },
  {
    section: '6.2',
    level: 'MUST',
    rule: 'A control frame is handled as one, wherever it comes.',
    cases: [{ name: 'takes a Ping whose payload looks like a message', bytes: frames(ping(text('a').subarray(0, 7))), received: [`ping ${text('a').subarray(0, 7).toString('latin1')}`] }],
  },
  {
    section: '6.2',
    level: 'MUST',
    rule: 'The server removes the masking.',
    because: 'it is what §5.3 is held to above',
  },
];
