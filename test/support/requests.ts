/** Requests as text, for clients that send exactly the bytes they are told. */

/** A GET, or another method without a body; `fields` are further lines, each with its CR LF. */
export function request(path = '/', fields = '', { method = 'GET', version = '1.1' } = {}): string {
  return `${method} ${path} HTTP/${version}\r\nHost: localhost\r\n${fields}\r\n`;
}

/** A POST with its whole body, as latin1. */
export function post(path: string, body: string, fields = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}

/** The head of a chunked POST; its chunks follow. */
export function postChunked(path: string, fields = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n${fields}\r\n`;
}

/** One chunk, as latin1; an empty one ends the body without trailers. */
export function chunk(text: string): string {
  return text === '' ? '0\r\n\r\n' : `${text.length.toString(16)}\r\n${text}\r\n`;
}
