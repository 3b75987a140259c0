/**
 * The extensions of the opening handshake (RFC 6455 §9.1), of which one is known: permessage-deflate (RFC 7692 §7.1). An offer that is
 * malformed, or asks for what is not known, is declined; the first that can be met is accepted.
 */

/** What both sides agreed on. */
export interface DeflateParameters {
  /** The bits of the window that what we send may refer back to, 8 to 15 (RFC 7692 §7.1.2.1). */
  readonly serverMaxWindowBits: number;
  /** Whether the client asked for a limit to it: who accepts that says so, whatever the limit is (RFC 7692 §7.1.2.1). */
  readonly isServerWindowAsked: boolean;
  /** Whether each message that we send starts with an empty window (RFC 7692 §7.1.1.1). */
  readonly serverNoContextTakeover: boolean;
  /** The same for what the client sends. */
  readonly clientMaxWindowBits: number;
  readonly clientNoContextTakeover: boolean;
}

/** What this side would like. */
export interface DeflateWishes {
  /** The bits of either window at most. */
  readonly windowBits: number;
  /** Whether a window may outlive its message. */
  readonly contextTakeover: boolean;
}

/** One extension that the client offers: parameters in turn, `true` where one has no value. */
interface Offer {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | true])[];
}

const MAX_WINDOW_BITS = 15;
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/** One extension or parameter, and what ends it; a value in quotes must be a token, too, once nothing in it is escaped any more. */
const ITEM = /[ \t]*(?:([!#$%&'*+\-.^_`|~\w]+)(?:[ \t]*=[ \t]*(?:([!#$%&'*+\-.^_`|~\w]+)|"((?:\\?[!#$%&'*+\-.^_`|~\w])+)"))?[ \t]*)?(;|,|$)/y;

/** Whether the value of `Sec-WebSocket-Extensions` is well-formed: one that is not fails the handshake (RFC 6455 §9.1). */
export function isExtensionList(header: string): boolean {
  return parseOffers(header) !== undefined;
}

/** What is agreed on, given what the client offers in a well-formed header; `undefined` for no compression. */
export function negotiateDeflate(header: string, wishes: DeflateWishes): DeflateParameters | undefined {
  for (const offer of parseOffers(header) ?? []) {
    const parameters = offer.name === 'permessage-deflate' ? acceptOffer(offer, wishes) : undefined;
    if (parameters !== undefined) return parameters;
  }
  return undefined;
}

/** The value of the answer's `Sec-WebSocket-Extensions`. */
export function deflateResponse(parameters: DeflateParameters): string {
  let response = 'permessage-deflate';
  if (parameters.serverNoContextTakeover) response += '; server_no_context_takeover';
  if (parameters.clientNoContextTakeover) response += '; client_no_context_takeover';
  if (parameters.isServerWindowAsked || parameters.serverMaxWindowBits < MAX_WINDOW_BITS) response += `; server_max_window_bits=${parameters.serverMaxWindowBits}`;
  if (parameters.clientMaxWindowBits < MAX_WINDOW_BITS) response += `; client_max_window_bits=${parameters.clientMaxWindowBits}`;
  return response;
}

/** RFC 7692 §7.1: each parameter at most once, with a value where it must have one and without where it must not. */
function acceptOffer({ parameters }: Offer, { windowBits, contextTakeover }: DeflateWishes): DeflateParameters | undefined {
  const offered = new Map(parameters);
  if (offered.size < parameters.length || !parameters.every(isValid)) return undefined;
  const clientBits = offered.get('client_max_window_bits');
  return {
    isServerWindowAsked: offered.has('server_max_window_bits'),
    serverMaxWindowBits: Math.min(windowBits, Number(offered.get('server_max_window_bits') ?? MAX_WINDOW_BITS)),
    serverNoContextTakeover: !contextTakeover || offered.has('server_no_context_takeover'),
    // A client that does not offer to limit its window must not be asked to (§7.1.2.2).
    clientMaxWindowBits: clientBits === undefined ? MAX_WINDOW_BITS : Math.min(windowBits, clientBits === true ? MAX_WINDOW_BITS : Number(clientBits)),
    clientNoContextTakeover: !contextTakeover || offered.has('client_no_context_takeover'),
  };
}

function isValid([name, value]: readonly [name: string, value: string | true]): boolean {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === true;
    case 'server_max_window_bits':
      return value !== true && WINDOW_BITS.test(value);
    case 'client_max_window_bits':
      return value === true || WINDOW_BITS.test(value);
    default:
      return false;
  }
}

/** The offers in order; `undefined` where the header is malformed. Empty list elements are ignored (RFC 9110 §5.6.1). */
function parseOffers(header: string): Offer[] | undefined {
  const offers: Offer[] = [];
  let name: string | undefined;
  let parameters: [string, string | true][] = [];
  ITEM.lastIndex = 0;
  for (;;) {
    const match = ITEM.exec(header);
    if (match === null) return undefined;
    const [, item, token, quoted, separator] = match;
    const value = token ?? quoted?.replaceAll('\\', '');
    const isMalformed = name === undefined ? value !== undefined || (item === undefined && separator === ';') : item === undefined;
    if (isMalformed) return undefined;
    if (name === undefined) name = item;
    else parameters.push([item!, value ?? true]);
    if (separator === ';') continue;
    if (name !== undefined) offers.push({ name, parameters });
    name = undefined;
    parameters = [];
    if (separator === '') return offers.length > 0 ? offers : undefined;
  }
}
