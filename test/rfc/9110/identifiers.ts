/** §4 Identifiers: what an http or https URI may be. */

import type { Case, Rule } from '../../support/rfc.js';
import { request } from '../../support/requests.js';

const HTTPS_OF_THE_HANDSHAKE = 'the TLS library of Node presents the certificates and verifies those of clients, as the options say';

export const IDENTIFIERS: readonly Rule[] = [
  {
    section: '4.1',
    level: 'SHOULD',
    rule: 'Recipients support URIs of at least 8,000 octets.',
    cases: [
      { name: 'takes a target of 8,000 octets', bytes: request(`/${'a'.repeat(7_999)}`), parsed: { target: `/${'a'.repeat(7_999)}` } },
      { name: 'takes an absolute target of 8,000 octets', bytes: request(`http://a/${'b'.repeat(7_991)}`), parsed: { target: `http://a/${'b'.repeat(7_991)}` } },
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'A recipient rejects an http URI with an empty host.',
    cases: ['http:///', 'http:///a', 'http://', 'http://:80/', 'http://?a', 'HTTP:///'].map(
      (target): Case => ({ name: `refuses the target ${target}`, bytes: request(target), refused: 'HTTP_BAD_TARGET' }),
    ),
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'A recipient rejects an https URI with an empty host.',
    cases: ['https:///a', 'https://', 'https://:443/', 'https://?a'].map(
      (target): Case => ({ name: `refuses the target ${target}`, bytes: request(target), refused: 'HTTP_BAD_TARGET' }),
    ),
  },
  {
    section: '4.2.3',
    level: 'ought to',
    rule: 'Scheme and host of a URI are case-insensitive, an empty path is that of the root.',
    cases: [
      { name: 'takes the scheme of a target in any case', bytes: request('HtTp://EXAMPLE.com'), parsed: { target: 'HtTp://EXAMPLE.com', handed: { path: '/', authority: 'EXAMPLE.com' } } },
      { name: 'takes an empty path ahead of a query for the root', bytes: request('http://a?b=c'), parsed: { handed: { path: '/', query: 'b=c', authority: 'a' } } },
    ],
  },
  {
    section: '4.2.4',
    level: 'SHOULD',
    rule: 'A recipient takes userinfo in an http or https URI for an error.',
    cases: ['http://user@a/', 'http://user:password@a/', 'https://@a/', 'http://a:80@b/', 'http://a%40b@c/'].map(
      (target): Case => ({ name: `refuses the target ${target}`, bytes: request(target), refused: 'HTTP_BAD_TARGET' }),
    ),
  },
  {
    section: '4.3.3',
    level: 'ought to',
    rule: 'An origin server verifies that the requests on its connections are for resources of which it wants to be the origin.',
    because: 'the application\'s: the server does not know of which origins it is; `request.authority` and `request.scheme` tell what was asked for',
  },
  {
    section: '4.3.5',
    level: 'SHOULD',
    rule: 'A server that knows by other means who its clients must be checks their identity.',
    because: HTTPS_OF_THE_HANDSHAKE,
  },
];
