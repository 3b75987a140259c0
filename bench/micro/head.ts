/**
 * The head of a request: found in what was read, checked and understood. The heads that differ are more than a cache would hold, in target
 * and cookie, as a browser's do; each lies in a read of its own. What HttpParser is compared with checks nothing, and so shows what the
 * checks cost. How a head that came before is known again is measured apart, by several means.
 */

import { HttpParser } from '#src/http/parser.js';
import { LIMITS } from '../../test/support/http-events.js';
import { type Comparison, loopAlone, over, type Way } from './measure.js';

const MANY = 1024;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** What a load tool sends, as long for every `i`. */
function smallHead(i: number): Buffer {
  return Buffer.from(`GET /${1000 + i} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n`);
}

/** What a browser sends. */
function browserHead(i: number): Buffer {
  const lines = [
    `GET /articles/${1000 + i}?from=search HTTP/1.1`,
    'Host: localhost:8080',
    'Connection: keep-alive',
    'Cache-Control: max-age=0',
    'sec-ch-ua: "Chromium";v="128", "Not;A=Brand";v="24"',
    'sec-ch-ua-mobile: ?0',
    'sec-ch-ua-platform: "Linux"',
    'Upgrade-Insecure-Requests: 1',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: navigate',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-US,en;q=0.9,de;q=0.8',
    `Cookie: session=6f1d0e8a5b${1000 + i}; theme=dark`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

export function headComparisons(): Comparison[] {
  return [compareParsing('a small head', smallHead), compareParsing("a browser's head", browserHead), compareKnowing('a small head', smallHead), compareKnowing("a browser's head", browserHead)];
}

function compareParsing(title: string, headOf: (i: number) => Buffer): Comparison {
  const heads = Array.from({ length: MANY }, (_, i) => headOf(i));
  return {
    title: `${title}, ${heads[0]!.length} bytes`,
    ways: [
      loopAlone(heads),
      parsing('HttpParser, the same again', heads.slice(0, 1)),
      parsing('HttpParser, different each time', heads),
      over('text split into a Map, unchecked, different each time', heads, splitHead),
      over('tokens sliced from the bytes, unchecked, different each time', heads, sliceHead),
    ],
  };
}

function parsing(name: string, heads: readonly Buffer[]): Way {
  const parser = new HttpParser(LIMITS);
  return over(name, heads, (bytes) => {
    parser.push(bytes);
    const head = parser.next();
    parser.next();
    return head?.type === 'head' ? head.target.length : 0;
  });
}

/** The way of a first attempt: lines of the text, names in lower case in a Map. */
function splitHead(bytes: Buffer): number {
  const [requestLine = '', ...lines] = bytes.toString('latin1').split('\r\n');
  const target = requestLine.split(' ')[1] ?? '';
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon !== -1) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return target.length + fields.size;
}

/** No text of the whole, but one of each name and each value. */
function sliceHead(bytes: Buffer): number {
  let at = bytes.indexOf('\r\n') + 2;
  const target = bytes.toString('latin1', bytes.indexOf(' ') + 1, bytes.indexOf(' HTTP'));
  const fields: string[] = [];
  while (bytes[at] !== 0x0d) {
    const colon = bytes.indexOf(':', at);
    const end = bytes.indexOf('\r\n', colon);
    fields.push(bytes.toString('latin1', at, colon), bytes.toString('latin1', colon + 2, end));
    at = end + 2;
  }
  return target.length + fields.length;
}

/** Sixteen in a read, as a client pipelines them, all the same: each is found behind the one before. */
function compareKnowing(title: string, headOf: (i: number) => Buffer): Comparison {
  const last = headOf(0);
  const lastText = last.toString('latin1');
  const { length } = last;
  const read = Buffer.concat(Array.from({ length: 16 }, () => last));
  const places = Array.from({ length: 16 }, (_, i) => i * length);
  return {
    title: `${title} known again, ${length} bytes`,
    ways: [
      loopAlone(places),
      over('its end found, its text compared', places, (at) => {
        const end = read.indexOf(END_OF_HEAD, at) + END_OF_HEAD.length;
        return read.toString('latin1', at, end) === lastText ? end : 0;
      }),
      over('its bytes compared by Buffer', places, (at) => (last.compare(read, at, at + length) === 0 ? length : 0)),
      over('its bytes compared in a loop', places, (at) => {
        let i = 0;
        while (i < length && read[at + i] === last[i]) i++;
        return i;
      }),
    ],
  };
}
