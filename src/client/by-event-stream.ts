/**
 * Hearing by event stream: one response that has no end. It is read by `fetch`, and not by an `EventSource`, which hides what this needs:
 * heartbeats, the status of a refusal, and ids that come without data.
 */

import { EventStreamParser } from './event-stream.js';
import { get } from './http.js';
import type { Listen } from './link.js';

const MEDIA_TYPE = 'text/event-stream';

export const byEventStream: Listen = async (link) => {
  link.expectWithin('connectTimeoutMs');
  const { ok, status, headers, body } = await get(link, MEDIA_TYPE);
  if (!ok || !headers.get('Content-Type')?.startsWith(MEDIA_TYPE)) return { status };
  link.opened();
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventStreamParser();
  for (;;) {
    link.expectWithin('silenceTimeoutMs');
    const { done, value } = await reader.read();
    if (done) return {};
    for (const told of parser.push(value)) link.told(told);
  }
};
