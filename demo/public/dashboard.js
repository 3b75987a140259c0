/** The dashboard: who is in the room, at which server, and what the server of this page counts; of what only grows, how fast it grew in the last second or so. */

import { byId, copyOf } from './page.js';

/** A server that was silent so long is taken to be gone. */
const GONE_MS = 3_500;

const COUNTERS = [
  { label: 'Connections', value: ({ connections }) => connections.open, more: ({ connections }) => `${whole(connections.total)} in all` },
  { label: 'Channels', value: ({ channels }) => channels.open, more: ({ webSockets }) => `${whole(webSockets.open)} ${webSockets.open === 1 ? 'is a WebSocket' : 'are WebSockets'}` },
  { label: 'Requests', value: ({ requests }) => requests, rate: true },
  { label: 'Messages in', value: ({ messages }) => messages.in, rate: true, by: ', WebSocket' },
  { label: 'Messages out', value: ({ messages }) => messages.out, rate: true },
  { label: 'Bytes in', value: ({ bytes }) => bytes.in, format: size, rate: true },
  { label: 'Bytes out', value: ({ bytes }) => bytes.out, format: size, rate: true },
  { label: 'Waiting', value: ({ bytes }) => bytes.buffered, format: size, more: ({ drops }) => `${whole(drops)} dropped` },
];

export class Dashboard {
  #counters = COUNTERS.map((spec) => {
    const element = document.createElement('div');
    const [dt, dd, small] = ['dt', 'dd', 'dd'].map((name) => element.appendChild(document.createElement(name)));
    small.className = 'more';
    dt.textContent = spec.label;
    dd.textContent = '–';
    document.querySelector('.counters').append(element);
    return { ...spec, dd, small };
  });
  /** What each server said last, by its address, in the order of their ports. */
  #servers = new Map([[location.origin, { at: performance.now(), members: {} }]]);
  #current = location.origin;
  #before;
  #onServers;

  /** @param onServers is told when servers have come or gone. */
  constructor(onServers) {
    this.#onServers = onServers;
    setInterval(() => this.#showServers(), 500);
    this.#showServers();
  }

  /** The addresses of all servers that were heard of, those that live first, and of them the one in use. */
  get addresses() {
    const rank = (server) => (this.#isGone(server) ? 2 : server === this.#current ? 0 : 1);
    return [...this.#servers.keys()].sort((a, b) => rank(a) - rank(b));
  }

  get current() {
    return this.#current;
  }

  /** The page has gone to another server. */
  moved(server) {
    if (server === this.#current) return;
    this.#current = server;
    this.#before = undefined;
    this.#showServers();
  }

  isLive(isLive) {
    document.querySelector('.dashboard').dataset.watching = isLive;
    byId('beat').textContent = isLive ? 'live' : 'reconnecting';
  }

  heard({ port, members, stats }) {
    const server = `${location.protocol}//${location.hostname}:${port}`;
    this.#servers.set(server, { at: performance.now(), members });
    this.#servers = new Map([...this.#servers].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })));
    this.#showServers();
    if (server === this.#current) this.#showCounters(stats);
  }

  #isGone(server) {
    return performance.now() - (this.#servers.get(server)?.at ?? 0) > GONE_MS;
  }

  #showServers() {
    const sums = { websocket: 0, 'event-stream': 0, poll: 0 };
    const servers = [...this.#servers.keys()];
    const items = servers.map((server) => {
      const { members } = this.#servers.get(server);
      const isGone = this.#isGone(server);
      const count = isGone ? 0 : Object.values(members).reduce((sum, each) => sum + each, 0);
      if (!isGone) for (const [wire, each] of Object.entries(members)) sums[wire] += each;
      return serverElement(server, count, isGone, server === this.#current);
    });
    byId('servers').replaceChildren(...items);
    document.querySelector('.hint').hidden = servers.length > 1;
    this.#showMembers(sums);
    this.#onServers(servers, this.#current);
  }

  #showMembers(sums) {
    for (const [wire, count] of Object.entries(sums)) {
      document.querySelector(`[data-members="${wire}"]`).textContent = count;
      document.querySelector(`[data-bar="${wire}"]`).style.flexGrow = count;
    }
    byId('members-total').textContent = Object.values(sums).reduce((sum, each) => sum + each, 0);
  }

  #showCounters(stats) {
    const now = performance.now();
    this.#before ??= { at: now, stats };
    const seconds = (now - this.#before.at) / 1000;
    for (const { dd, small, value, format = whole, rate, by = '', more } of this.#counters) {
      dd.textContent = format(value(stats));
      if (more) small.textContent = more(stats);
      else if (rate && seconds >= 0.9) small.textContent = `${format(Math.round((value(stats) - value(this.#before.stats)) / seconds))}/s${by}`;
    }
    if (seconds >= 0.9) this.#before = { at: now, stats };
  }
}

function serverElement(server, count, isGone, isCurrent) {
  const element = copyOf('server-template');
  element.dataset.gone = isGone;
  element.dataset.here = isCurrent;
  element.querySelector('b').textContent = new URL(server).host;
  element.querySelector('.about').textContent = isGone ? 'gone' : `${count} ${count === 1 ? 'member' : 'members'}`;
  return element;
}

function whole(number) {
  return number.toLocaleString('en');
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
