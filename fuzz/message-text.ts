/** The bytes of one message, cut into lines without judging them: what the table of disagreements is read from. */

/** As text, one character a byte. */
export interface MessageText {
  /** All of it, and whatever stands behind it. */
  readonly text: string;
  /** CR and LF ahead of the request line. */
  readonly ahead: string;
  /** Up to the first CR LF, or to a lone LF. */
  readonly requestLine: string;
  /** The request line at its first and its last spaces; what is missing is empty. */
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** The lines up to the empty one: lower-case names, and values without the white space around them. A line without a colon is all name. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** What stands behind the empty line. */
  readonly rest: string;
}

export function messageText(text: string): MessageText {
  const ahead = /^[\r\n]*/.exec(text)![0];
  const [requestLine = '', ...lines] = text.slice(ahead.length).split(/\r?\n/);
  const emptyLine = lines.indexOf('');
  const [, method = '', target = '', version = ''] = /^([^ ]*) *(.*?)(?: +([^ ]*))?$/s.exec(requestLine) ?? [];
  return {
    text,
    ahead,
    requestLine,
    method,
    target,
    version,
    fields: (emptyLine === -1 ? lines : lines.slice(0, emptyLine)).map(field),
    rest: emptyLine === -1 ? '' : lines.slice(emptyLine + 1).join('\r\n'),
  };
}

/** The values of a field, by its name in lower case. */
export function valuesOf({ fields }: MessageText, name: string): string[] {
  return fields.filter(([found]) => found === name).map(([, value]) => value);
}

/** The elements of all values of a field that is a list, in lower case, empty ones too. */
export function elementsOf(message: MessageText, name: string): string[] {
  return valuesOf(message, name).flatMap((value) => value.toLowerCase().split(',').map(trim));
}

/** As llhttp sees it. */
export function asksForUpgrade(message: MessageText): boolean {
  return valuesOf(message, 'upgrade').length > 0 && elementsOf(message, 'connection').includes('upgrade');
}

/** `chunked` as the last coding, but with a tab behind it. */
export function hasTabBehindChunked({ text, rest }: MessageText): boolean {
  return /^transfer-encoding:[ \t,]*chunked *\t[ \t]*\r$/im.test(text.slice(0, text.length - rest.length));
}

function field(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon === -1 ? [line.toLowerCase(), ''] : [line.slice(0, colon).toLowerCase(), trim(line.slice(colon + 1))];
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
