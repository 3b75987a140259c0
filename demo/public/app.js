/**
 * The page of the demo: three panels hear one room, each by its own transport, and a dashboard hears what the server counts. What
 * is heard is newline-delimited JSON whatever carries it, so the transports below differ in nothing but how they listen.
 */

const MAX_SHOWN = 100;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** A poll that was not refused by then is taken to wait. */
const POLL_TAKEN_MS = 300;
/** A POST that takes longer probably waits for a connection: browsers open six to one host, and listening takes two a page. */
const SLOW_POST_MS = 2_000;
/** What was said longer ago is history: a page that opens neither reads it out nor shows it on its way. */
const HISTORY_MS = 10_000;
const PULSE_MS = 550;

const NAMES = ['Ada', 'Barbara', 'Douglas', 'Edsger', 'Grace', 'Hedy', 'Ken', 'Leslie', 'Margaret', 'Radia', 'Tim', 'Vint'];
const PANELS = [
  { transport: 'websocket', title: 'WebSocket', via: 'WebSocket', about: 'One connection, both ways', live: 'open', unit: 'frames' },
  { transport: 'streaming', title: 'HTTP streaming', via: 'streaming', about: 'A response without end', live: 'streaming', unit: 'pieces' },
  { transport: 'polling', title: 'Long polling', via: 'polling', about: 'A request that waits', live: 'waiting', unit: 'answers' },
];
const STATES = { connecting: 'connecting', retrying: 'reconnecting', off: 'left' };

const webSocketOrigin = location.origin.replace(/^http/, 'ws');
const byId = (id) => document.getElementById(id);
const copyOf = (templateId) => byId(templateId).content.firstElementChild.cloneNode(true);

/** This page, as far as messages know it: what it says it finds again by the key. */
const me = Math.random().toString(36).slice(2, 12);
/** When this page said what, by key: shows how long it took to arrive in each panel. */
const saidAt = new Map();

/** How each transport listens, until the connection ends or `signal` aborts. */
const LISTEN = {
  websocket(panel, signal) {
    return new Promise((resolve) => {
      const socket = new WebSocket(`${webSocketOrigin}${panel.address}`);
      panel.socket = socket;
      signal.addEventListener('abort', () => socket.close(1000), { once: true });
      socket.onopen = () => panel.isHeard();
      socket.onmessage = ({ data }) => panel.hear(data);
      socket.onclose = resolve;
    });
  },

  async streaming(panel, signal) {
    const response = await get(panel.address, signal);
    panel.isHeard();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const end = value.lastIndexOf('\n') + 1;
      if (end > 0) panel.hear(rest + value.slice(0, end));
      rest = end > 0 ? value.slice(end) : rest + value;
    }
  },

  async polling(panel, signal) {
    for (;;) {
      const taken = setTimeout(() => panel.isHeard(), POLL_TAKEN_MS);
      try {
        const response = await get(panel.address, signal);
        panel.isHeard();
        panel.hear(await response.text());
      } finally {
        clearTimeout(taken);
      }
    }
  },
};

/** One panel: a member of the room that hears, speaks, and comes back when its connection is lost. */
class Panel {
  #element = copyOf('panel');
  #spec;
  #count = 0;
  #since = 0;
  #retryMs = FIRST_RETRY_MS;
  #leaving;
  socket;

  constructor(spec) {
    this.#spec = spec;
    const { transport, title, about } = spec;
    this.#element.dataset.panel = this.#element.dataset.wire = transport;
    this.#element.setAttribute('aria-labelledby', `${transport}-title`);
    this.#find('use').setAttribute('href', `#icon-${transport}`);
    this.#find('h2').id = `${transport}-title`;
    this.#find('h2').textContent = title;
    this.#find('.about').textContent = about;
    this.#find('.log').setAttribute('aria-label', `Messages by ${title}`);
    this.#find('label').textContent = `Message by ${title}`;
    this.#find('label').htmlFor = this.#find('input').id = `${transport}-message`;
    this.#find('form').addEventListener('submit', (event) => this.#submit(event));
    this.#find('.switch').addEventListener('click', () => (this.#leaving ? this.leave() : this.join()));
    document.querySelector('.panels').append(this.#element);
    this.#show('off');
  }

  /** Where to listen for what this panel has not heard. */
  get address() {
    return `/room/${this.#spec.transport}?since=${this.#since}`;
  }

  async join() {
    const leaving = (this.#leaving = new AbortController());
    const { signal } = leaving;
    this.#show('connecting');
    while (!signal.aborted) {
      await LISTEN[this.#spec.transport](this, signal).catch(() => {});
      if (signal.aborted) return;
      this.#show('retrying');
      await new Promise((resolve) => setTimeout(resolve, this.#retryMs * (0.5 + Math.random())));
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    }
  }

  leave() {
    this.#leaving?.abort();
    this.#leaving = undefined;
    this.#show('off');
  }

  /** The server has let this panel in. */
  isHeard() {
    if (!this.#leaving) return;
    this.#retryMs = FIRST_RETRY_MS;
    this.#show('live');
  }

  /** Takes whole lines of JSON. */
  hear(lines) {
    if (!this.#leaving) return;
    const heard = lines.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
    if (heard.length === 0) return;
    this.#count++;
    this.#show('live');
    for (const each of heard) {
      if (each.error === undefined) this.#add(each);
      else this.#note(each.error);
    }
  }

  #add(message) {
    this.#since = message.id;
    const isMine = message.key.startsWith(`${me}.`);
    const log = this.#find('.log');
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const list = this.#find('ol');
    list.append(messageElement(message, isMine && message.via === this.#spec.transport));
    if (list.children.length > MAX_SHOWN) list.firstElementChild.remove();
    if (isAtEnd) log.scrollTop = log.scrollHeight;
    flash(this.#element, message.via);
    happened(message);
  }

  async #submit(event) {
    event.preventDefault();
    const input = this.#find('form input');
    const text = input.value.trim();
    if (text === '') return;
    const key = `${me}.${performance.now().toString(36).replace('.', '-')}`;
    saidAt.set(key, performance.now());
    this.#note('');
    input.value = '';
    try {
      await this.#say(JSON.stringify({ name: byId('name').value.trim() || 'Nobody', text, key }));
    } catch (error) {
      this.#note(error.message);
      if (input.value === '') input.value = text;
    }
  }

  async #say(body) {
    if (this.#spec.transport === 'websocket') {
      if (this.socket?.readyState !== WebSocket.OPEN) throw new Error('The WebSocket is not open.');
      this.socket.send(body);
      return;
    }
    const slow = setTimeout(() => this.#note('Still sending: a browser opens six connections to one host, and other tabs may hold them.'), SLOW_POST_MS);
    const response = await fetch(`/room/${this.#spec.transport}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
      .catch(() => { throw new Error('The server cannot be reached.'); })
      .finally(() => clearTimeout(slow));
    this.#note('');
    if (!response.ok) throw new Error((await response.json()).error);
  }

  #show(state) {
    const { live, unit } = this.#spec;
    if (this.#element.dataset.state !== state) {
      this.#element.dataset.state = state;
      this.#find('.state span').textContent = state === 'live' ? live : STATES[state];
      this.#find('.switch').textContent = state === 'off' ? 'Join' : 'Leave';
      this.#find('.switch').setAttribute('aria-label', `${state === 'off' ? 'Join' : 'Leave'} the room by ${this.#spec.title}`);
    }
    this.#find('.trace').textContent = `${this.#count} ${this.#count === 1 ? unit.slice(0, -1) : unit}`;
  }

  #note(text) {
    this.#find('.note').textContent = text;
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }
}

async function get(address, signal) {
  const response = await fetch(address, { signal, cache: 'no-store' });
  if (!response.ok) throw new Error(`answered with ${response.status}`);
  return response;
}

function messageElement({ name, text, via, at, key }, isOwn) {
  const element = copyOf('message');
  element.dataset.wire = via;
  element.classList.toggle('own', isOwn);
  element.querySelector('b').textContent = name;
  element.querySelector('.via').textContent = PANELS.find((each) => each.transport === via).via;
  const time = element.querySelector('time');
  time.dateTime = new Date(at).toISOString();
  time.title = new Date(at).toLocaleString();
  const tookMs = saidAt.has(key) ? performance.now() - saidAt.get(key) : undefined;
  time.textContent = tookMs === undefined ? new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : `in ${tookMs < 10 ? tookMs.toFixed(1) : Math.round(tookMs)} ms`;
  element.querySelector('.text').textContent = text;
  return element;
}

/** Lets the panel's wire light up in the colour of the transport that the message came by. */
function flash(element, via) {
  element.dataset.flash = via;
  if (!isStill()) element.querySelector('.signal').animate({ '--flash': ['1', '0'] }, { duration: 900, easing: 'ease-out' });
}

/** What every panel hears happens once for the page: a screen reader is told, and the diagram shows the way of the message. */
let newest = 0;
function happened({ id, name, text, via, at }) {
  if (id <= newest) return;
  newest = id;
  if (Date.now() - at > HISTORY_MS) return;
  byId('announcer').textContent = `${name}: ${text}`;
  if (isStill()) return;
  pulse(document.querySelector(`.diagram .in [data-wire="${via}"]`), via, 0);
  for (const path of document.querySelectorAll('.diagram .out path')) pulse(path, via, PULSE_MS * 0.8);
}

/** Sends a spark of the colour of `wire` along a path of the diagram. */
function pulse(path, wire, delay) {
  const spark = path.cloneNode();
  spark.dataset.wire = wire;
  spark.setAttribute('pathLength', '1');
  document.querySelector('.diagram .pulses').append(spark);
  spark.animate({ strokeDashoffset: [0.23, -1.02] }, { duration: PULSE_MS, delay, easing: 'ease-in-out' }).onfinish = () => spark.remove();
}

function isStill() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

// The dashboard.

const COUNTERS = [
  { label: 'Connections', value: ({ connections }) => connections.open, more: ({ connections }) => `${whole(connections.total)} in all` },
  { label: 'Channels', value: ({ channels }) => channels.open, more: ({ webSockets }) => `${whole(webSockets.open)} ${webSockets.open === 1 ? 'is a WebSocket' : 'are WebSockets'}` },
  { label: 'Requests', value: ({ requests }) => requests, rate: true },
  { label: 'Messages in', value: ({ messages }) => messages.in, rate: true, by: ', WebSocket' },
  { label: 'Messages out', value: ({ messages }) => messages.out, rate: true, by: ', WebSocket' },
  { label: 'Bytes in', value: ({ bytes }) => bytes.in, format: size, rate: true },
  { label: 'Bytes out', value: ({ bytes }) => bytes.out, format: size, rate: true },
  { label: 'Waiting', value: ({ bytes }) => bytes.buffered, format: size, more: ({ drops }) => `${whole(drops)} dropped` },
];

function whole(number) {
  return number.toLocaleString('en');
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** Shows readings, and of what only grows how fast it grew in the last second or so. */
class Dashboard {
  #counters = COUNTERS.map((spec) => {
    const element = document.createElement('div');
    const [dt, dd, small] = ['dt', 'dd', 'dd'].map((name) => element.appendChild(document.createElement(name)));
    small.className = 'more';
    dt.textContent = spec.label;
    dd.textContent = '–';
    document.querySelector('.counters').append(element);
    return { ...spec, dd, small };
  });
  #before;
  #socket;
  #retry;

  watch() {
    this.#socket = new WebSocket(`${webSocketOrigin}/stats`);
    this.#socket.onmessage = ({ data }) => this.#show(JSON.parse(data));
    this.#socket.onclose = () => {
      this.#isLive(false);
      this.#before = undefined;
      this.#retry = setTimeout(() => this.watch(), 1_000);
    };
  }

  leave() {
    clearTimeout(this.#retry);
    this.#socket.onclose = null;
    this.#socket.close(1000);
  }

  #show({ members, stats }) {
    this.#isLive(true);
    this.#showMembers(members);
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

  #showMembers(members) {
    let total = 0;
    for (const [transport, count] of Object.entries(members)) {
      total += count;
      document.querySelector(`[data-members="${transport}"]`).textContent = count;
      document.querySelector(`[data-bar="${transport}"]`).style.flexGrow = count;
    }
    byId('members-total').textContent = total;
  }

  #isLive(isLive) {
    document.querySelector('.dashboard').dataset.watching = isLive;
    byId('beat').textContent = isLive ? 'live' : 'reconnecting';
  }
}

// The page.

const name = byId('name');
name.value = sessionStorage.getItem('name') ?? NAMES[Math.floor(Math.random() * NAMES.length)];
name.addEventListener('input', () => sessionStorage.setItem('name', name.value));
sessionStorage.setItem('name', name.value);
byId('origin').textContent = location.origin;

const panels = PANELS.map((spec) => new Panel(spec));
const dashboard = new Dashboard();

function join() {
  for (const panel of panels) panel.join();
  dashboard.watch();
}

// A page that is left keeps nothing open, also where the browser keeps the page itself for the way back.
addEventListener('pagehide', () => {
  for (const panel of panels) panel.leave();
  dashboard.leave();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) join();
});
join();
