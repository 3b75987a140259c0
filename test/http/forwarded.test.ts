/** Whose word on the address of a client counts, entry by entry: `Forwarded`, `X-Forwarded-For` and `X-Forwarded-Proto`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardedPeer } from '#src/http/forwarded.js';
import { FieldLines } from '#src/http/headers.js';

const PEER = { remoteAddress: '10.0.0.1', remotePort: 5000, isSecure: false };

/** The client of a request with these field lines, from a proxy in 10.0.0.0/8; as `address port scheme`. */
function clientOf(...lines: string[]): string {
  const text = lines.map((line) => `${line}\r\n`).join('');
  const client = forwardedPeer(new FieldLines(text, 0, text.length), PEER, (address) => address.startsWith('10.'));
  return `${client.remoteAddress} ${client.remotePort} ${client.isSecure ? 'https' : 'http'}`;
}

const ITSELF = '10.0.0.1 5000 http';

/** Field lines, and whom they name. */
const CASES: Record<string, readonly [lines: readonly string[], client: string]> = {
  'no field': [[], ITSELF],
  'one address': [['X-Forwarded-For: 192.0.2.1'], '192.0.2.1 0 http'],
  'an address with a port': [['X-Forwarded-For: 192.0.2.1:4000'], '192.0.2.1 4000 http'],
  'an IPv6 address': [['X-Forwarded-For: 2001:db8::1'], '2001:db8::1 0 http'],
  'an IPv6 address in brackets': [['X-Forwarded-For: [2001:db8::1]'], '2001:db8::1 0 http'],
  'an IPv6 address with a port': [['X-Forwarded-For: [2001:db8::1]:4000'], '2001:db8::1 4000 http'],
  'two addresses: the last one, which the proxy added': [['X-Forwarded-For: 203.0.113.9, 192.0.2.1'], '192.0.2.1 0 http'],
  'two fields, which are one list': [['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-For: 192.0.2.1'], '192.0.2.1 0 http'],
  'a trusted proxy behind a trusted proxy': [['X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.2'], '192.0.2.1 0 http'],
  'trusted proxies alone': [['X-Forwarded-For: 10.0.0.3, 10.0.0.2'], '10.0.0.3 0 http'],
  'empty elements': [['X-Forwarded-For: , 192.0.2.1, ,'], '192.0.2.1 0 http'],
  'an empty field': [['X-Forwarded-For:'], ITSELF],
  'what is no address': [['X-Forwarded-For: 192.0.2.1, unknown'], ITSELF],
  'what is no address behind a trusted proxy': [['X-Forwarded-For: 192.0.2.1, nonsense, 10.0.0.2'], '10.0.0.2 0 http'],
  'an address that is none': [['X-Forwarded-For: 192.0.2.256'], ITSELF],
  'an IPv4 address in brackets': [['X-Forwarded-For: [192.0.2.1]'], ITSELF],
  'a port that is too long': [['X-Forwarded-For: 192.0.2.1:123456'], ITSELF],
  'a port beyond 65535': [['X-Forwarded-For: 192.0.2.1:65536'], ITSELF],
  'a scheme alone': [['X-Forwarded-Proto: https'], '10.0.0.1 5000 https'],
  'an address and a scheme': [['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: HTTPS'], '192.0.2.1 0 https'],
  'the scheme of a WebSocket': [['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: wss'], '192.0.2.1 0 https'],
  'the scheme http': [['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: http'], '192.0.2.1 0 http'],
  'a scheme for each address': [['X-Forwarded-For: 203.0.113.9, 192.0.2.1', 'X-Forwarded-Proto: http, https'], '192.0.2.1 0 https'],
  'a scheme for each address, a proxy behind a proxy': [['X-Forwarded-For: 192.0.2.1, 10.0.0.2', 'X-Forwarded-Proto: https, http'], '192.0.2.1 0 https'],
  'one scheme for two addresses': [['X-Forwarded-For: 192.0.2.1, 10.0.0.2', 'X-Forwarded-Proto: https'], '192.0.2.1 0 https'],
  'a scheme that is none': [['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: gopher'], '192.0.2.1 0 http'],
  'Forwarded with an address': [['Forwarded: for=192.0.2.1'], '192.0.2.1 0 http'],
  'Forwarded in any case, with more': [['forwarded: By=203.0.113.43;FOR=192.0.2.1;Proto=https;host=a'], '192.0.2.1 0 https'],
  'Forwarded with a quoted IPv6 address and port': [['Forwarded: for="[2001:db8::1]:4711"'], '2001:db8::1 4711 http'],
  'Forwarded with white space': [['Forwarded:  for=203.0.113.9 , for=192.0.2.1 ; proto=https '], '192.0.2.1 0 https'],
  'Forwarded, two hops': [['Forwarded: for=203.0.113.9;proto=https, for=192.0.2.1;proto=http'], '192.0.2.1 0 http'],
  'Forwarded, a proxy behind a proxy': [['Forwarded: for=192.0.2.1;proto=https, for=10.0.0.2;proto=http'], '192.0.2.1 0 https'],
  'Forwarded in two fields': [['Forwarded: for=203.0.113.9', 'Forwarded: for=192.0.2.1'], '192.0.2.1 0 http'],
  'Forwarded with a comma in a quoted string': [['Forwarded: for=192.0.2.1;host="a, for=203.0.113.9"'], '192.0.2.1 0 http'],
  'Forwarded with an escaped quote': [['Forwarded: host="a\\", for=203.0.113.9";for="192.0.2.1"'], '192.0.2.1 0 http'],
  'Forwarded with an unknown client': [['Forwarded: for=unknown;proto=https'], '10.0.0.1 5000 https'],
  'Forwarded with a hidden client': [['Forwarded: for=192.0.2.1, for=_gazonk'], ITSELF],
  'Forwarded without for': [['Forwarded: proto=https'], '10.0.0.1 5000 https'],
  'Forwarded with an open quote': [['Forwarded: for=192.0.2.1, for="203.0.113.9'], ITSELF],
  'Forwarded with a pair that is none': [['Forwarded: for=192.0.2.1, for'], ITSELF],
  'an empty Forwarded': [['Forwarded:'], ITSELF],
  'both, of one mind': [['Forwarded: for="192.0.2.1:77";proto=https', 'X-Forwarded-For: 192.0.2.1'], '192.0.2.1 77 https'],
  'both, of two minds': [['Forwarded: for=203.0.113.9;proto=https', 'X-Forwarded-For: 192.0.2.1'], ITSELF],
  'both, of two minds about the scheme': [['Forwarded: for=192.0.2.1;proto=https', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: http'], ITSELF],
  'both, of one mind about the scheme': [['Forwarded: for=192.0.2.1;proto=https', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https'], '192.0.2.1 0 https'],
  'both, the scheme in the other one alone': [['Forwarded: for=192.0.2.1', 'X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https'], '192.0.2.1 0 https'],
  'both, one of them empty': [['Forwarded: for=203.0.113.9', 'X-Forwarded-For:'], ITSELF],
};

for (const [name, [lines, client]] of Object.entries(CASES)) {
  test(`finds the client in ${name}`, () => {
    assert.equal(clientOf(...lines), client);
  });
}

test('takes linear time for a field of 8 KiB that is nearly well-formed', () => {
  for (const text of [' '.repeat(8000), 'for='.repeat(2000), `for="${'\\"'.repeat(4000)}`, ';'.repeat(8000), 'a=b;'.repeat(2000), `${' '.repeat(4000)}x${' '.repeat(4000)}`]) {
    assert.match(clientOf(`Forwarded: ${text}`), /^10\.0\.0\.1 /);
  }
});
