/** The page of the demo: one connection to one room, by whichever wire there is, to whichever server lives. */

import { connect } from '/longwire/index.js';
import { Conversation, me } from '/conversation.js';
import { Dashboard } from '/dashboard.js';
import { byId, isStill, titleOf } from '/page.js';
import { Tape } from '/tape.js';
import { Wires } from '/wires.js';

/** What was sent and has not come back by then is sent again. */
const SAY_AGAIN_MS = 1_500;
/** What was said longer ago is history: a page that opens neither reads it out nor shows it on its way. */
const HISTORY_MS = 10_000;
/** What was cut and is open still is cut again after this. */
const CUT_AGAIN_MS = 100;
const FLASH_MS = 900;
const NAMES = ['Ada', 'Barbara', 'Douglas', 'Edsger', 'Grace', 'Hedy', 'Ken', 'Leslie', 'Margaret', 'Radia', 'Tim', 'Vint'];

const room = byId('room');
const name = byId('name');
const tape = new Tape();
const conversation = new Conversation();
const wires = new Wires({
  onChoice: (wire) => (wire === 'any' ? connection.use() : connection.use(wire)),
  onCut: cut,
});
const dashboard = new Dashboard((servers, current) => wires.draw(servers, current));

/** Where the connection is or was last: by which wire, at which server. */
let way = '';
/** Whether all that there was when the page came has been heard: the gap before it is none. */
let hasBegun = false;

const connection = connect(() => dashboard.addresses.map((server) => `${server}/room?page=${me}&cut=${wires.cut}`), {
  since: 'everything',
  contentType: 'application/json',
  minRetryMs: 300,
  maxRetryMs: 3_000,
  upgradeAfterMs: 4_000,
  onMessage: hear,
  onGap: lose,
  onState: show,
});

const stats = connect(() => dashboard.addresses.map((server) => `${server}/stats`), {
  maxRetryMs: 3_000,
  onMessage: (reading) => dashboard.heard(JSON.parse(reading)),
  onState: ({ state }) => dashboard.isLive(state === 'open'),
});

function show(state) {
  wires.show(state);
  room.dataset.state = state.state;
  room.dataset.wire = state.transport;
  room.querySelector('use').setAttribute('href', `#icon-${state.transport}`);
  room.querySelector('.state span').textContent = inWords(state);
  if (state.state !== 'open') return;
  const { origin, host } = new URL(state.url);
  dashboard.moved(origin);
  if (way !== (way = `${titleOf(state.transport)}, ${host}`)) {
    conversation.turned(state.transport, way);
    tape.turned(state.transport);
  }
  setTimeout(sayAgain, SAY_AGAIN_MS);
  if (wires.isCut(state.transport)) void sever(state.transport);
}

function inWords({ state, transport, url, ending }) {
  if (state === 'open') return `by ${titleOf(transport)}, at ${new URL(url).host}`;
  if (state === 'connecting') return `trying ${titleOf(transport)}`;
  return ending?.status === 503 || ending?.code === 1012 ? 'cut off, will try again' : 'lost, will try again';
}

function hear(data, { event }) {
  if (event === 'refused') return conversation.note(data);
  const wire = connection.state.transport;
  const message = JSON.parse(data);
  hasBegun = true;
  if (event === 'count') {
    if (!conversation.counted(message, wire)) tape.lost();
  } else if (!conversation.heard(message)) return;
  tape.heard(wire);
  if (Date.now() - message.at > HISTORY_MS) return;
  flash(wire);
  wires.pulse(wire, true);
  if (event === undefined) conversation.announce(message);
}

function lose() {
  if (!hasBegun) return void (hasBegun = true);
  tape.lost();
  conversation.turned('none', 'Some messages are lost: the server no longer keeps them');
}

async function say(draft) {
  const { transport } = connection.state;
  wires.pulse(transport, false);
  try {
    await connection.send(JSON.stringify({ ...draft, via: transport }));
  } catch (error) {
    if (error.status === undefined) return conversation.sent(draft.key); // it may have arrived: what is not heard is said again
    conversation.refused(draft.key);
    return conversation.note(error.body);
  }
  conversation.sent(draft.key);
}

function sayAgain() {
  if (connection.state.state === 'open') for (const draft of conversation.unheard) void say(draft);
}

/** The server cuts what is open, and lets no more in: the addresses tell. */
function cut(wire, isCut) {
  if (isCut) void sever(wire);
  else if (connection.state.state !== 'open' || wires.chosen === wire) connection.reconnect();
  wires.show(connection.state);
}

/** Has a wire cut until it is: the next poll may have been on its way, with the address of before, and has to be cut by itself. */
async function sever(wire) {
  const isOpen = () => wires.isCut(wire) && connection.state.state === 'open' && connection.state.transport === wire;
  while (isOpen() && (await post('/room/cut', { key: me, via: wire }))) await new Promise((resolve) => setTimeout(resolve, CUT_AGAIN_MS));
}

/** Whether the server has done what it was asked for; if not, the page says why. */
async function post(path, body) {
  try {
    const response = await fetch(dashboard.current + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (response.ok) return true;
    conversation.note(await response.text());
  } catch {
    conversation.note('The server cannot be reached.');
  }
  return false;
}

/** Lets the line under the head light up in the colour of the wire. */
function flash(wire) {
  const signal = document.querySelector('.signal');
  signal.dataset.flash = wire;
  if (!isStill()) signal.animate({ '--flash': ['1', '0'] }, { duration: FLASH_MS, easing: 'ease-out' });
}

name.value = sessionStorage.getItem('name') ?? NAMES[Math.floor(Math.random() * NAMES.length)];
name.addEventListener('input', () => sessionStorage.setItem('name', name.value));
sessionStorage.setItem('name', name.value);
byId('origin').textContent = location.origin;
byId('count').addEventListener('click', () => {
  conversation.note('');
  void post('/room/count', {});
});

room.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = byId('message');
  const text = input.value.trim();
  if (text === '') return;
  input.value = '';
  conversation.note('');
  void say(conversation.say(name.value.trim() || 'Nobody', text));
});

// A page that is left keeps nothing open, also where the browser keeps the page itself for the way back.
addEventListener('pagehide', () => {
  connection.close();
  stats.close();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
