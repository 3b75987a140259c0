/** The tape: a stroke for each message, in the colour of the wire that it came over, and a red one where some were lost. */

import { byId } from './page.js';

const MAX_STROKES = 240;

export class Tape {
  #element = document.querySelector('.tape');
  #heard = 0;
  #lost = false;

  /** A message came over a wire. */
  heard(wire) {
    this.#stroke(wire, 'stroke');
    byId('heard').textContent = (++this.#heard).toLocaleString('en');
  }

  /** The connection goes on by a wire. */
  turned(wire) {
    this.#stroke(wire, 'turned');
  }

  lost() {
    this.#lost = true;
    this.#stroke('none', 'lost');
    byId('lost').textContent = 'some lost';
    byId('lost').classList.add('alarm');
  }

  #stroke(wire, kind) {
    const stroke = document.createElement('i');
    stroke.className = kind;
    stroke.dataset.wire = wire;
    this.#element.append(stroke);
    if (this.#element.children.length > MAX_STROKES) this.#element.firstElementChild.remove();
  }
}
