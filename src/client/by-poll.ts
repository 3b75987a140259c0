/** Hearing by long poll: requests that wait for their answer, one behind the other. */

import { get } from './http.js';
import type { Listen } from './link.js';
import { parseAnswer } from './wire.js';

/** A request that was not refused by then is taken to wait: nothing tells when a server has taken it. */
const TAKEN_MS = 300;
/** A server that answers with nothing new is asked again after this, so that none can be asked without end. */
const PAUSE_MS = 100;
const NO_CONTENT = 204;

export const byPoll: Listen = async (link) => {
  const wait = (): void => {
    link.opened();
    link.expectWithin('silenceTimeoutMs');
  };
  for (;;) {
    const { position } = link;
    const taken = setTimeout(wait, TAKEN_MS);
    const response = await get(link, 'application/json').finally(() => clearTimeout(taken));
    const { ok, status } = response;
    if (!ok) return { status };
    wait();
    const answer = status === NO_CONTENT ? [] : parseAnswer(await response.text());
    for (const told of answer) link.told(told);
    if (link.position === position && answer.every(({ data }) => data === undefined)) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
};
