/**
 * Text checked and made a string (RFC 6455 §8.1): whole messages, and messages that come in fragments, cut within characters as often as
 * not. Each message is text of its own, in bytes that nothing else has read, so that no string can be found again; whose characters are
 * what is counted, so that each has to be made.
 */

import { isAscii, isUtf8, transcode } from 'node:buffer';
import { decodeText } from '#src/websocket/message.js';
import { Utf8Check } from '#src/websocket/utf8.js';
import { Random } from '../../test/support/random.js';
import { type Comparison, loopAlone, over } from './measure.js';

const SIZES = [64, 1024, 64 * 1024];
/** All messages that take turns are together about as long as this. */
const TOTAL_BYTES = 1024 * 1024;
const MOST = 256;

const ALPHABETS = {
  ASCII: [...'abcdefghijklmnopqrstuvwxyz     ,.'],
  Cyrillic: [...'абвгдежзийклмнопрстуфхцчшщыьэюя     ,.'],
  mixed: [...'abcdefghijklmnopqrstuvwxyz äöüßéñ  Ωжш中文字😀'],
} as const;

type AlphabetName = keyof typeof ALPHABETS;

export function utf8Comparisons(): Comparison[] {
  const names = Object.keys(ALPHABETS) as AlphabetName[];
  return names.flatMap((name) => [...SIZES.map((size) => compareWhole(name, size)), compareFragments(name, 16 * 1024, 1000), compareFragments(name, 1024, 10)]);
}

/** Messages of about `size` bytes. */
function messagesOf(name: AlphabetName, size: number): Buffer[] {
  const random = new Random(size);
  const count = Math.max(4, Math.min(MOST, Math.floor(TOTAL_BYTES / size)));
  return Array.from({ length: count }, () => {
    let text = '';
    while (Buffer.byteLength(text) < size - 4) {
      for (let i = 0; i < size / 8; i++) text += random.pick(ALPHABETS[name]);
    }
    return cutWithin(Buffer.from(text), size);
  });
}

/** No longer than `size`, and whole characters. */
function cutWithin(bytes: Buffer, size: number): Buffer {
  let end = Math.min(size, bytes.length);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return Buffer.from(bytes.subarray(0, end));
}

function compareWhole(name: AlphabetName, size: number): Comparison {
  const messages = messagesOf(name, size);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    title: `${name} text of ${size} bytes`,
    bytes: size,
    ways: [
      loopAlone(messages),
      over('decodeText', messages, (bytes) => lastOf(decodeText(bytes, 0, bytes.length, false))),
      over('isUtf8, then toString', messages, (bytes) => (isUtf8(bytes) ? lastOf(bytes.toString('utf8')) : -1)),
      over('isAscii, then latin1, else isUtf8, then toString', messages, (bytes) => {
        if (isAscii(bytes)) return lastOf(bytes.toString('latin1'));
        return isUtf8(bytes) ? lastOf(bytes.toString('utf8')) : -1;
      }),
      over('TextDecoder, fatal', messages, (bytes) => lastOf(decoder.decode(bytes))),
      over('transcode to UTF-16, then toString, unchecked', messages, (bytes) => lastOf(transcode(bytes, 'utf8', 'utf16le').toString('utf16le'))),
      over('toString, unchecked', messages, (bytes) => lastOf(bytes.toString('utf8'))),
    ],
  };
}

function compareFragments(name: AlphabetName, size: number, fragmentBytes: number): Comparison {
  const messages = messagesOf(name, size).map((bytes) => cutInto(bytes, fragmentBytes));
  const check = new Utf8Check();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    title: `${name} text of ${size} bytes checked in fragments of ${fragmentBytes}`,
    bytes: size,
    ways: [
      loopAlone(messages),
      over('Utf8Check', messages, (fragments) => {
        for (const each of fragments) check.push(each);
        return check.end() ? 1 : 0;
      }),
      over('joined, then isUtf8: not failed early', messages, (fragments) => (isUtf8(Buffer.concat(fragments)) ? 1 : 0)),
      over('TextDecoder, fatal, as a stream', messages, (fragments) => {
        let characters = 0;
        for (const each of fragments) characters += decoder.decode(each, { stream: true }).length;
        return characters + decoder.decode().length;
      }),
    ],
  };
}

function cutInto(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

function lastOf(text: string): number {
  return text.charCodeAt(text.length - 1);
}
