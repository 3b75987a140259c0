/** The wires: a picture of them between this page and the servers, what each is doing, and the controls that choose and cut them. */

import { byId, copyOf, isStill, WIRES } from './page.js';

const SVG = 'http://www.w3.org/2000/svg';
const PULSE_MS = 550;
/** Where the wires leave the page, the height of each in the middle, and where the servers stand. */
const PAGE = { x: 40, y: 62 };
const MIDDLE = { websocket: -4, 'event-stream': 62, poll: 128 };
const SERVERS_X = 340;
const HEIGHT = 124;

export class Wires {
  #cut = new Set();
  #items = new Map();
  #paths = new Map();
  #onChoice;
  #onCut;

  /**
   * @param onChoice is told which wires may be used, none for all.
   * @param onCut is told that a wire was cut, or mended.
   */
  constructor({ onChoice, onCut }) {
    this.#onChoice = onChoice;
    this.#onCut = onCut;
    for (const each of WIRES) this.#add(each);
    document.querySelector('.wires').addEventListener('change', () => this.#onChoice(this.chosen));
    this.draw([location.origin], location.origin);
  }

  get cut() {
    return [...this.#cut];
  }

  isCut(wire) {
    return this.#cut.has(wire);
  }

  /** The wire that the page is to use, and no other; `any` where there is none. */
  get chosen() {
    return document.querySelector('[name="wire"]:checked').value;
  }

  /** Shows what each wire is doing, and lets them lead to the server that they lead to. */
  show({ state, transport }) {
    for (const { wire } of WIRES) {
      const use = this.#useOf(wire, state, transport);
      for (const each of [this.#items.get(wire), this.#paths.get(wire)]) each.dataset.use = use;
      this.#items.get(wire).querySelector('.use').textContent = use;
    }
  }

  /** Draws the servers, and the wires to the one that is in use. */
  draw(servers, current) {
    const yOf = (i) => (HEIGHT * (i + 1)) / (servers.length + 1);
    const nodes = servers.map((server, i) => node(yOf(i), server === current));
    document.querySelector('.diagram .nodes').replaceChildren(...nodes);
    const y = yOf(Math.max(0, servers.indexOf(current)));
    for (const { wire } of WIRES) this.#paths.get(wire).setAttribute('d', `M${PAGE.x} ${PAGE.y}C130 ${MIDDLE[wire]} 250 ${MIDDLE[wire] + (y - PAGE.y) / 2} ${SERVERS_X} ${y}`);
  }

  /** Sends a spark along a wire: to the page, or from it. */
  pulse(wire, isToPage) {
    if (isStill()) return;
    const spark = this.#paths.get(wire).cloneNode();
    spark.removeAttribute('data-use');
    document.querySelector('.diagram .pulses').append(spark);
    const offsets = isToPage ? [-1.02, 0.23] : [0.23, -1.02];
    spark.animate({ strokeDashoffset: offsets }, { duration: PULSE_MS, easing: 'ease-in-out' }).onfinish = () => spark.remove();
  }

  #add({ wire, title, about }) {
    const item = copyOf('wire-template');
    item.dataset.wire = wire;
    item.querySelector('input').value = wire;
    item.querySelector('use').setAttribute('href', `#icon-${wire}`);
    item.querySelector('.name').textContent = title;
    item.querySelector('.about').textContent = about;
    item.querySelector('button').addEventListener('click', () => this.#toggle(wire, title));
    this.#items.set(wire, item);
    this.#label(wire, title);
    byId('wires').append(item);
    const path = document.createElementNS(SVG, 'path');
    path.dataset.wire = wire;
    path.setAttribute('pathLength', '1');
    this.#paths.set(wire, path);
    document.querySelector('.diagram .paths').append(path);
  }

  #toggle(wire, title) {
    const isCut = !this.#cut.delete(wire);
    if (isCut) this.#cut.add(wire);
    this.#label(wire, title);
    this.#onCut(wire, isCut);
  }

  #label(wire, title) {
    const isCut = this.#cut.has(wire);
    const button = this.#items.get(wire).querySelector('button');
    button.textContent = isCut ? 'Mend' : 'Cut';
    button.setAttribute('aria-label', `${button.textContent} the ${title}`);
  }

  #useOf(wire, state, transport) {
    if (this.#cut.has(wire)) return 'cut';
    if (transport === wire && state === 'open') return 'in use';
    if (transport === wire && state === 'connecting') return 'trying';
    return this.chosen === 'any' || this.chosen === wire ? 'ready' : 'not chosen';
  }
}

function node(y, isCurrent) {
  const circle = document.createElementNS(SVG, 'circle');
  for (const [name, value] of Object.entries({ cx: SERVERS_X + 9, cy: y, r: 9 })) circle.setAttribute(name, value);
  circle.classList.toggle('current', isCurrent);
  return circle;
}
