/** An event stream as a client makes events from it: written from HTML Standard, §9.2.6, and not from our encoder. */

export interface HeardEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

export interface HeardStream {
  readonly events: readonly HeardEvent[];
  /** What the client would send as `Last-Event-ID`. */
  readonly lastEventId: string;
  /** What the stream asked it to wait before it reconnects. */
  readonly retry: number | undefined;
}

/** What a client has heard once it has received these bytes; an event whose empty line did not come is none. */
export function hearEvents(bytes: Uint8Array): HeardStream {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\r|\n/);
  const events: HeardEvent[] = [];
  let [type, data, id, lastEventId] = ['', '', '', ''];
  let retry: number | undefined;
  for (const line of lines.slice(0, -1)) {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (line === '') {
      lastEventId = id;
      if (data !== '') events.push({ type: type === '' ? 'message' : type, data: data.slice(0, -1), lastEventId });
      [type, data] = ['', ''];
    } else if (name === 'event') {
      type = value;
    } else if (name === 'data') {
      data += `${value}\n`;
    } else if (name === 'id' && !value.includes('\0')) {
      id = value;
    } else if (name === 'retry' && /^[0-9]+$/.test(value)) {
      retry = Number(value);
    }
  }
  return { events, lastEventId, retry };
}
