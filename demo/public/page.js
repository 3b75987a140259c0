/** What all parts of the page share: the wires by name, and how they find and copy elements. */

export const WIRES = [
  { wire: 'websocket', title: 'WebSocket', about: 'One connection, both ways' },
  { wire: 'event-stream', title: 'Event stream', about: 'A response without end' },
  { wire: 'poll', title: 'Long poll', about: 'A request that waits' },
];

export const byId = (id) => document.getElementById(id);
export const copyOf = (templateId) => byId(templateId).content.firstElementChild.cloneNode(true);
export const titleOf = (wire) => WIRES.find((each) => each.wire === wire).title;

export function isStill() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
