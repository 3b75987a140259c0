/**
 * Draws the life of a channel, as a Mermaid state diagram, from the table that the channel obeys. An arrow says which events lead
 * there, and behind the stroke what is done on the way. docs/ARCHITECTURE.md holds the output; a test compares them.
 */

import { CHANNEL_STEPS } from '../dist/channel/states.js';

const arrows = new Map();
for (const [state, steps] of Object.entries(CHANNEL_STEPS)) {
  for (const [event, [next, action]] of Object.entries(steps)) {
    const arrow = `${state} --> ${next}`;
    const way = `${arrow}/${action ?? ''}`;
    const events = arrows.get(way)?.events ?? [];
    arrows.set(way, { arrow, action, events: [...events, event] });
  }
}

const isFinal = (state) => Object.keys(CHANNEL_STEPS[state]).length === 0;
console.log('stateDiagram-v2');
console.log(`    [*] --> ${Object.keys(CHANNEL_STEPS)[0]}`);
for (const { arrow, action, events } of arrows.values()) {
  console.log(`    ${arrow}: ${events.join(', ')}${action === undefined ? '' : ` / ${action}`}`);
}
for (const state of Object.keys(CHANNEL_STEPS).filter(isFinal)) console.log(`    ${state} --> [*]`);
