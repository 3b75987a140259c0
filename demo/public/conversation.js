/**
 * The conversation: what was said, in the order of the server, with a line where the connection went on by another wire. What this page says
 * is shown at once, and is pale until it comes back; what does not is said again, under the same key, so that nobody sees it twice.
 */

import { byId, copyOf, titleOf } from './page.js';

const MAX_SHOWN = 200;
/** Keys that are remembered, to know what was said twice. */
const MAX_KEYS = 1_000;

/** This page, as far as messages know it: what it says it finds again by the key. */
export const me = Math.random().toString(36).slice(2, 12);

export class Conversation {
  #log = document.querySelector('.log');
  #list = document.querySelector('.log ol');
  #keys = new Set();
  /** What this page has said and not heard yet, by key: the draft, its element, when it was said, and whether it was sent. */
  #unheard = new Map();
  #countings = new Map();
  #said = 0;

  /** Shows a draft of this page, and gives it its key. */
  say(name, text) {
    const key = `${me}.${++this.#said}`;
    const draft = { name, text, key };
    const element = this.#append(copyOf('message-template'), 'own', 'unheard');
    element.querySelector('b').textContent = name;
    element.querySelector('.text').textContent = text;
    element.querySelector('time').textContent = 'sending';
    this.#unheard.set(key, { draft, element, at: performance.now(), isSent: false });
    return draft;
  }

  /** The draft has left, as far as is known. */
  sent(key) {
    const unheard = this.#unheard.get(key);
    if (unheard) unheard.isSent = true;
  }

  /** The draft was refused, and is not shown any more. */
  refused(key) {
    this.#unheard.get(key)?.element.remove();
    this.#unheard.delete(key);
  }

  /** What was sent and may be lost, because the connection was. */
  get unheard() {
    return [...this.#unheard.values()].filter(({ isSent }) => isSent).map(({ draft }) => draft);
  }

  /** Shows a message; false if it was shown before. */
  heard({ name, text, via, at, key }) {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > MAX_KEYS) this.#keys.delete(this.#keys.values().next().value);
    const own = this.#unheard.get(key);
    this.#unheard.delete(key);
    const element = this.#append(own?.element ?? copyOf('message-template'));
    element.classList.remove('unheard');
    element.classList.toggle('own', key.startsWith(`${me}.`));
    element.dataset.wire = via;
    element.querySelector('b').textContent = name;
    element.querySelector('.via').textContent = titleOf(via);
    element.querySelector('.text').textContent = text;
    showTime(element.querySelector('time'), at, own && performance.now() - own.at);
    return true;
  }

  /** Shows a number that a server counts, by which wire it came; false if it is not the next one. */
  counted({ run, n, of, by }, wire) {
    let counting = this.#countings.get(run);
    if (counting === undefined) {
      counting = { element: this.#append(copyOf('count-template')), last: n - 1 };
      counting.element.querySelector('b').textContent = by;
      this.#countings.set(run, counting);
    }
    const number = document.createElement('i');
    number.dataset.wire = wire;
    number.textContent = n;
    const isNext = n === counting.last + 1;
    number.classList.toggle('after-gap', !isNext);
    this.#keepingTheEnd(() => counting.element.querySelector('.numbers').append(number));
    counting.last = n;
    if (n === of) this.#countings.delete(run);
    return isNext;
  }

  /** Shows that the conversation goes on in another way. */
  turned(wire, text) {
    const element = this.#append(copyOf('turn-template'));
    element.dataset.wire = wire;
    element.querySelector('span').textContent = text;
  }

  note(text) {
    document.querySelector('.note').textContent = text;
  }

  announce({ name, text }) {
    byId('announcer').textContent = `${name}: ${text}`;
  }

  #append(element, ...classes) {
    element.classList.add(...classes);
    this.#keepingTheEnd(() => {
      this.#list.append(element);
      if (this.#list.children.length > MAX_SHOWN) this.#list.firstElementChild.remove();
    });
    return element;
  }

  /** Who reads at the end goes on reading there; who reads further up is left alone. */
  #keepingTheEnd(change) {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    change();
    if (scrollHeight - scrollTop - clientHeight < 40) this.#log.scrollTop = this.#log.scrollHeight;
  }
}

function showTime(time, at, tookMs) {
  time.dateTime = new Date(at).toISOString();
  time.title = new Date(at).toLocaleString();
  time.textContent = tookMs === undefined ? new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : `in ${tookMs < 10 ? tookMs.toFixed(1) : Math.round(tookMs)} ms`;
}
