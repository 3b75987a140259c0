/** A long text that is sent on goes out as it came, byte for byte; any other goes out as what it is. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FrameDecoder, type FrameEvent } from '#src/websocket/decoder.js';
import { encodeMessage } from '#src/websocket/encoder.js';
import { Relay } from '#src/websocket/relay.js';
import { binary, clientFrame, ping, text } from '../support/frames.js';
import { Random } from '../support/random.js';

const LIMITS = { maxMessageBytes: 2 ** 20, maxFragments: 0 };
/** Around what is long, what is unmasked aside, and what the network hands over at a time. */
const LENGTHS = [16_383, 16_384, 16_385, 20_000, 65_535, 65_536, 70_001, 300_000];
const LETTERS = { 'ASCII': 'text in ASCII ', 'Cyrillic': 'привет, мир ', 'emoji': 'a😀' };

const onTheWire = (pieces: readonly (string | Uint8Array)[]): Buffer => Buffer.concat(pieces.map((piece) => Buffer.from(piece as string, 'latin1')));

/** What is found in pieces of a client's frames, each event given to `see` before the next is looked for. */
function decode(relay: Relay, pieces: Iterable<Uint8Array>, see: (event: FrameEvent) => void): void {
  const decoder = new FrameDecoder(LIMITS, 4, relay);
  for (const piece of pieces) {
    // A decoder may change what it is given.
    decoder.push(Uint8Array.from(piece));
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) see(event);
  }
}

function textIn(event: FrameEvent): string {
  assert.ok(event.type === 'message' && typeof event.data === 'string');
  return event.data;
}

/** Pieces of up to 64 KiB, as a socket hands them over, the first of them of any length. */
function* likeReads(bytes: Buffer, first: number): Generator<Buffer> {
  for (let at = 0, next = first; at < bytes.length; at += next, next = 65_536) yield bytes.subarray(at, at + (at === 0 ? first : next));
}

describe('sends on as it came', () => {
  for (const [kind, letters] of Object.entries(LETTERS)) {
    test(`text of every length, in whatever pieces: ${kind}`, () => {
      const random = new Random(1);
      for (const bytes of LENGTHS) {
        const times = Math.floor(bytes / Buffer.byteLength(letters));
        const sent = letters.repeat(times) + 'x'.repeat(bytes - times * Buffer.byteLength(letters));
        // The same bytes before it and behind it, as when many are under way.
        const wire = Buffer.concat([text(sent), text(sent), text('short'), text(sent)]);
        for (const first of [wire.length, 1, 7, 14, ...Array.from({ length: 12 }, () => 1 + random.below(65_536))]) {
          const relay = new Relay();
          let seen = 0;
          decode(relay, likeReads(wire, first), (event) => {
            const received = textIn(event);
            const relayed = relay.frameOf(received);
            if (received !== 'short') assert.equal(received, sent);
            if (relayed !== undefined) assert.ok(onTheWire(relayed).equals(onTheWire([encodeMessage(received)])), `${bytes} bytes behind ${first}`);
            if (bytes > 16_384) assert.equal(relayed !== undefined, received !== 'short', `${bytes} bytes behind ${first}`);
            relay.letGo();
            seen++;
          });
          assert.equal(seen, 4);
        }
      }
    });
  }

  test('text in fragments, with a Ping between them', () => {
    const sent = `${'fragments '.repeat(5_000)}ende: ü`;
    const all = Buffer.from(sent);
    const relay = new Relay();
    const frames = [0, 1, 2].map((i) => clientFrame({ opcode: i === 0 ? 1 : 0, fin: i === 2, payload: all.subarray(i * 20_000, i === 2 ? undefined : (i + 1) * 20_000) }));
    let relayed: Buffer | undefined;
    decode(relay, [Buffer.concat([frames[0]!, ping('?'), frames[1]!, ping('?'), frames[2]!])], (event) => {
      if (event.type === 'message') relayed = onTheWire(relay.frameOf(textIn(event))!);
    });
    assert.ok(relayed?.equals(onTheWire([encodeMessage(sent)])));
  });

  test('text that shares what was read with bytes which the application gives to a worker', () => {
    const sent = 'nothing of it is lost '.repeat(2_000);
    const relay = new Relay();
    let relayed: (string | Uint8Array)[] | undefined;
    decode(relay, likeReads(Buffer.concat([text(sent), binary(new Uint8Array(40_000))]), 65_536 - 40_000), (event) => {
      assert.equal(event.type, 'message');
      if (relayed === undefined) relayed = relay.frameOf(textIn(event));
      else structuredClone(event.data, { transfer: [(event.data as Uint8Array<ArrayBuffer>).buffer] });
    });
    assert.ok(onTheWire(relayed!).equals(onTheWire([encodeMessage(sent)])));
  });

  test('the same text in another string', () => {
    const sent = 'the same '.repeat(3_000);
    const relay = new Relay();
    decode(relay, [text(sent)], () => assert.notEqual(relay.frameOf(Buffer.from(sent).toString()), undefined));
  });
});

test('what is sent on keeps at most twice its own memory', () => {
  const relay = new Relay();
  const sent = 'a part of what was read '.repeat(1_000);
  decode(relay, [Buffer.concat([text(sent), text(sent), text(sent)])], (event) => {
    for (const piece of relay.frameOf(textIn(event))!) {
      if (typeof piece !== 'string') assert.ok(piece.buffer.byteLength <= 2 * piece.length, `${piece.buffer.byteLength} bytes for ${piece.length}`);
    }
  });
});

describe('knows nothing of', () => {
  const sent = 'one of two '.repeat(3_000);

  test('text that differs in one letter, wherever that stands', () => {
    const relay = new Relay();
    decode(relay, likeReads(text(sent), 20_000), () => {
      for (const at of [0, 1, 19_990, sent.length - 1]) assert.equal(relay.frameOf(`${sent.slice(0, at)}!${sent.slice(at + 1)}`), undefined, `at ${at}`);
      assert.equal(relay.frameOf(`${sent}!`), undefined);
      assert.equal(relay.frameOf(sent.slice(1)), undefined);
      assert.equal(relay.frameOf(''), undefined);
    });
  });

  test('text that was handled', () => {
    const relay = new Relay();
    decode(relay, [text(sent)], () => relay.letGo());
    assert.equal(relay.frameOf(sent), undefined);
  });

  test('short text, and bytes', () => {
    const relay = new Relay();
    decode(relay, [text('short'), binary(Buffer.from(sent))], () => assert.equal(relay.frameOf(sent) ?? relay.frameOf('short'), undefined));
  });
});
