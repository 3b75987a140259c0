/** permessage-deflate as a client offers it, and the judgement of what a server makes of it (RFC 7692 §7.1). */

/** One offer. All of them say that the server may limit the client's window and its context, as those of Autobahn do. */
export interface DeflateOffer {
  readonly serverNoContextTakeover?: boolean;
  readonly serverMaxWindowBits?: number;
}

/** What was agreed on. */
export interface DeflateAgreement {
  readonly serverNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number;
  readonly clientNoContextTakeover: boolean;
  readonly clientMaxWindowBits: number;
}

/** The value of `Sec-WebSocket-Extensions`. */
export function offersText(offers: readonly DeflateOffer[]): string {
  return offers.map(offerText).join(', ');
}

function offerText({ serverNoContextTakeover, serverMaxWindowBits }: DeflateOffer): string {
  const parts = ['permessage-deflate', 'client_no_context_takeover', 'client_max_window_bits'];
  if (serverNoContextTakeover === true) parts.push('server_no_context_takeover');
  if (serverMaxWindowBits !== undefined) parts.push(`server_max_window_bits=${serverMaxWindowBits}`);
  return parts.join('; ');
}

/** What the server's answer means; throws where it is no answer to any of the offers. */
export function parseAgreement(answer: string, offers: readonly DeflateOffer[]): DeflateAgreement {
  const [name, ...rest] = answer.split(';').map((part) => part.trim());
  if (name !== 'permessage-deflate') throw new Error(`the server accepted an extension that was not offered: ${answer}`);
  const parameters = new Map(rest.map((part) => part.split('=').map((each) => each.trim()) as [string, string | undefined]));
  if (parameters.size < rest.length) throw new Error(`a parameter is there twice: ${answer}`);
  const agreement = {
    serverNoContextTakeover: flag(parameters, 'server_no_context_takeover'),
    clientNoContextTakeover: flag(parameters, 'client_no_context_takeover'),
    serverMaxWindowBits: windowBits(parameters, 'server_max_window_bits'),
    clientMaxWindowBits: windowBits(parameters, 'client_max_window_bits'),
  };
  for (const unknown of parameters.keys()) throw new Error(`permessage-deflate has no parameter ${unknown}`);
  if (!offers.some((offer) => meets(agreement, offer))) throw new Error(`no offer was met by ${answer}`);
  return agreement;
}

function meets(agreement: DeflateAgreement, { serverNoContextTakeover = false, serverMaxWindowBits = 15 }: DeflateOffer): boolean {
  return agreement.serverMaxWindowBits <= serverMaxWindowBits && (agreement.serverNoContextTakeover || !serverNoContextTakeover);
}

/** Takes a parameter that has no value. */
function flag(parameters: Map<string, string | undefined>, name: string): boolean {
  const isThere = parameters.has(name);
  if (isThere && parameters.get(name) !== undefined) throw new Error(`${name} has no value`);
  parameters.delete(name);
  return isThere;
}

/** Takes a parameter that must have a value from 8 to 15. */
function windowBits(parameters: Map<string, string | undefined>, name: string): number {
  if (!parameters.has(name)) return 15;
  const bits = parameters.get(name)?.replace(/^"(.*)"$/, '$1') ?? '';
  if (!/^(?:[89]|1[0-5])$/.test(bits)) throw new Error(`${name} must be 8 to 15, and is ${bits}`);
  parameters.delete(name);
  return Number(bits);
}
