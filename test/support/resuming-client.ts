/** A client of a room that goes on from the last id it has, on any transport, however often it is cut. Written for the tests alone. */

import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';

export type Kind = 'socket' | 'events' | 'poll';

interface Told {
  readonly id?: string;
  readonly data?: string;
  readonly gap?: boolean;
}

export class ResumingClient {
  /** The id behind which it goes on. */
  position: string;
  /** What it was told, in order: messages as `id data`, gaps as `gap id`. */
  readonly heard: string[] = [];
  /** Called behind each message. May cut it. */
  onMessage: (() => void) | undefined;
  #cut: (() => void) | undefined;

  constructor(t: TestContext, position: string) {
    this.position = position;
    t.after(() => this.cut());
  }

  /** Leaves the connection that there is, without a word. */
  cut(): void {
    this.#cut?.();
    this.#cut = undefined;
  }

  /** Goes on by another connection; what the one before still had on its way is lost. */
  connect(url: string, kind: Kind): void {
    this.cut();
    let isCurrent = true;
    const hear = (told: Told): void => {
      if (isCurrent) this.#hear(told);
    };
    const again = (): void => {
      if (isCurrent) this.connect(url, kind);
    };
    const stop = kind === 'socket' ? this.#openSocket(url, hear, again) : kind === 'events' ? this.#openEvents(url, hear, again) : this.#poll(url, hear, again);
    this.#cut = () => {
      isCurrent = false;
      stop();
    };
  }

  #hear({ id, data, gap }: Told): void {
    if (id !== undefined) this.position = id;
    if (gap === true) this.heard.push(`gap ${id}`);
    if (data === undefined || gap === true) return;
    this.heard.push(`${id} ${data}`);
    this.onMessage?.();
  }

  #openSocket(url: string, hear: (told: Told) => void, again: () => void): () => void {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket?since=${this.position}`, 'longwire.v1');
    socket.on('message', (data) => hear(JSON.parse(String(data)) as Told));
    socket.on('error', () => {});
    socket.on('close', again);
    return () => socket.terminate();
  }

  #openEvents(url: string, hear: (told: Told) => void, again: () => void): () => void {
    let rest = '';
    return this.#get(`${url}/events`, { 'Last-Event-ID': this.position }, again, (piece) => {
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => [line.split(': ')[0]!, line.split(': ').slice(1).join(': ')]));
        hear({ id: fields.get('id')!, gap: fields.get('event') === 'gap', ...(fields.has('data') && { data: fields.get('data')! }) });
      }
    });
  }

  #poll(url: string, hear: (told: Told) => void, again: () => void): () => void {
    let body = '';
    const end = (): void => {
      if (body === '') return again();
      const { messages, next, gap } = JSON.parse(body) as { messages: Told[]; next: string; gap?: boolean };
      if (gap === true) hear({ gap, id: messages[0]?.id === undefined ? next : idBefore(messages[0].id) });
      for (const each of messages) hear(each);
      hear({ id: next });
      again();
    };
    return this.#get(`${url}/poll?since=${this.position}`, {}, end, (piece) => (body += piece));
  }

  #get(url: string, headers: Record<string, string>, onEnd: () => void, onData: (piece: string) => void): () => void {
    const asked: ClientRequest = httpRequest(url, { headers, agent: false }, (response: IncomingMessage) => {
      response.setEncoding('utf8');
      response.on('data', onData);
      response.on('error', () => {});
      response.on('end', onEnd);
    });
    asked.on('error', () => setImmediate(onEnd));
    asked.end();
    return () => asked.destroy();
  }
}

function idBefore(id: string): string {
  const [epoch, sequence] = id.split('-');
  return `${epoch}-${Number(sequence) - 1}`;
}

/** Fails unless what was heard are the messages of one history behind `since`, each once and in order, and holes only behind a gap. */
export function sequencesHeard(heard: readonly string[], since: number): { sequences: number[]; gaps: number } {
  const sequences: number[] = [];
  let [position, gaps] = [since, 0];
  for (const each of heard) {
    const [id, data] = each.startsWith('gap ') ? [each.slice(4), undefined] : [each.split(' ')[0]!, each.split(' ')[1]];
    const sequence = Number(id.split('-')[1]);
    if (data === undefined) {
      if (sequence < position) throw new Error(`a gap leads back, from ${position} to ${sequence}`);
      gaps++;
    } else {
      if (sequence !== position + 1) throw new Error(`${each} came behind ${position}`);
      sequences.push(sequence);
    }
    position = sequence;
  }
  return { sequences, gaps };
}
