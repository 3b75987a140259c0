/** Which addresses are proxies of ours, whose word on the address of a client counts. */

import { BlockList, isIP } from 'node:net';
import { UsageError } from '../errors.js';

/**
 * Addresses, and ranges in CIDR notation such as `10.0.0.0/8` or `fd00::/8`; or a function of an address. `unix` stands for a unix
 * socket, which has none: to a function it is the empty string.
 */
export type TrustedAddresses = readonly string[] | ((address: string) => boolean);

const UNIX = 'unix';

/** Whether an address is trusted; a `UsageError` where an entry is neither an address nor a range. */
export function trustedBy(trusted: TrustedAddresses): (address: string) => boolean {
  if (typeof trusted === 'function') return trusted;
  const list = new BlockList();
  for (const entry of trusted) if (entry !== UNIX) addEntry(list, entry);
  const trustsUnix = trusted.includes(UNIX);
  return (address) => {
    if (address === '') return trustsUnix;
    const family = isIP(address);
    // An address with a zone is a link's own; the list holds none.
    return family !== 0 && !address.includes('%') && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function addEntry(list: BlockList, entry: string): void {
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(String(entry)) ?? [];
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const isRange = family !== 0 && !address.includes('%') && Number(prefix ?? bits) <= bits;
  if (!isRange) throw new UsageError(`option trustProxy: an entry must be an address such as 10.0.0.1, a range such as 10.0.0.0/8, or 'unix'`);
  list.addSubnet(address, Number(prefix ?? bits), family === 4 ? 'ipv4' : 'ipv6');
}
