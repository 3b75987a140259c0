/**
 * Remembers the head of a server's last response: most heads say what the one before said, and then nothing has to be put together.
 * Invariant: what it gives is what `encodeHead` gives for the same plan; every member of a plan is compared.
 */

import { encodeHead, type HeadPlan, type ResponseFields, type ResponseFraming } from './response.js';

export class LastHead {
  readonly #serverLine: string;
  #plan: HeadPlan | undefined;
  #head = '';

  /** @param serverLine the whole `Server` field line; empty for none. */
  constructor(serverLine: string) {
    this.#serverLine = serverLine;
  }

  /** The head of a response, as latin1 text; see `HeadPlan`. */
  encode(status: number, fields: ResponseFields, framing: ResponseFraming, isText: boolean, isHttp10: boolean, keepsAlive: boolean, dateLine: string): string {
    const last = this.#plan;
    if (
      last !== undefined &&
      last.status === status &&
      isSameFraming(last.framing, framing) &&
      last.isText === isText &&
      last.isHttp10 === isHttp10 &&
      last.keepsAlive === keepsAlive &&
      last.dateLine === dateLine &&
      (last.fields === fields || isSameFields(last.fields, fields))
    ) {
      return this.#head;
    }
    this.#plan = { status, fields, framing, isText, isHttp10, keepsAlive, dateLine, serverLine: this.#serverLine };
    return (this.#head = encodeHead(this.#plan));
  }
}

function isSameFraming(a: ResponseFraming, b: ResponseFraming): boolean {
  return a.kind === b.kind && (a.kind !== 'length' || a.length === (b as typeof a).length);
}

/** The lines say which of the fields are there; what the server writes itself is not among them. */
function isSameFields(a: ResponseFields, b: ResponseFields): boolean {
  return a.lines === b.lines && a.connectionOptions.length === 0 && b.connectionOptions.length === 0;
}
