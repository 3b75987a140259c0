/** The header of the PROXY protocol, versions 1 and 2: what is found in the first bytes of a connection, at every length of them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '#src/errors.js';
import { findProxyHeader } from '#src/net/proxy-header.js';
import { ADDRESSES_4, addresses6, SIGNATURE, TCP4, TCP6, tlv, version2 } from '../support/proxy-headers.js';

/** Whom a header names, as `address port` with ` tls` behind it, or nobody; the same alone and with bytes behind, and nothing before it is complete. */
function found(header: string): string {
  const bytes = Buffer.from(header, 'latin1');
  for (let length = 0; length < bytes.length; length++) assert.equal(findProxyHeader(bytes.subarray(0, length)), 'incomplete', `${length} bytes`);
  const finding = findProxyHeader(bytes);
  assert.deepEqual(findProxyHeader(Buffer.concat([bytes, Buffer.from('GET / HTTP/1.1\r\n')])), finding);
  assert.ok(typeof finding === 'object');
  assert.equal(finding.length, bytes.length);
  const { peer } = finding;
  return peer === undefined ? 'nobody' : `${peer.remoteAddress} ${peer.remotePort}${peer.isSecure ? ' tls' : ''}`;
}

const VALID: Record<string, readonly [header: string, names: string]> = {
  'version 1 over IPv4': [TCP4, '192.0.2.1 4000'],
  'version 1 over IPv6': [TCP6, '2001:db8::1 4000'],
  'version 1, ports 0 and 65535': ['PROXY TCP4 192.0.2.1 192.0.2.2 0 65535\r\n', '192.0.2.1 0'],
  'version 1, the longest line': [`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`, `${'ffff:'.repeat(7)}ffff 65535`],
  'version 1 for an unknown client': ['PROXY UNKNOWN\r\n', 'nobody'],
  'version 1 for an unknown client, with more': [`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`, 'nobody'],
  'version 2 over IPv4': [version2(0x21, 0x11, ADDRESSES_4), '192.0.2.1 4000'],
  'version 2 over IPv6': [version2(0x21, 0x21, addresses6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])), '2001:db8::1 4000'],
  'version 2, the address ::': [version2(0x21, 0x21, addresses6([0, 0, 0, 0, 0, 0, 0, 0])), ':: 4000'],
  'version 2, the address ::1': [version2(0x21, 0x21, addresses6([0, 0, 0, 0, 0, 0, 0, 1])), '::1 4000'],
  'version 2, an address that ends in zeros': [version2(0x21, 0x21, addresses6([1, 0, 0, 0, 0, 0, 0, 0])), '1:: 4000'],
  'version 2, an address with two runs of zeros': [version2(0x21, 0x21, addresses6([1, 0, 0, 2, 0, 0, 0, 3])), '1:0:0:2::3 4000'],
  'version 2, an address with two equal runs of zeros': [version2(0x21, 0x21, addresses6([1, 0, 0, 2, 3, 0, 0, 4])), '1::2:3:0:0:4 4000'],
  'version 2, an address with single zeros': [version2(0x21, 0x21, addresses6([1, 0, 2, 0, 3, 0, 4, 0])), '1:0:2:0:3:0:4:0 4000'],
  'version 2, zeros within groups': [version2(0x21, 0x21, addresses6([0x10, 0x100, 0, 0, 0x10, 0x1000, 0, 0xf0])), '10:100::10:1000:0:f0 4000'],
  'version 2 from the proxy itself': [version2(0x20, 0x00, ''), 'nobody'],
  'version 2 from the proxy itself, with addresses': [version2(0x20, 0x11, ADDRESSES_4), 'nobody'],
  'version 2 of an unspecified family': [version2(0x21, 0x00, 'anything'.replace(/./g, '\0')), 'nobody'],
  'version 2 over a unix socket': [version2(0x21, 0x31, '\0'.repeat(216)), 'nobody'],
  'version 2 over datagrams': [version2(0x21, 0x12, ADDRESSES_4), 'nobody'],
  'version 2 with extensions': [version2(0x21, 0x11, ADDRESSES_4 + tlv(0x01, 'h2') + tlv(0xee, '') + tlv(0x04, '\0\0')), '192.0.2.1 4000'],
  'version 2 for a client with TLS': [version2(0x21, 0x11, ADDRESSES_4 + tlv(0x20, '\x01\0\0\0\0')), '192.0.2.1 4000 tls'],
  'version 2 for a client without TLS': [version2(0x21, 0x11, ADDRESSES_4 + tlv(0x20, '\x00\0\0\0\0')), '192.0.2.1 4000'],
  'version 2 with 4 KiB of extensions': [version2(0x21, 0x11, ADDRESSES_4 + tlv(0x04, '\0'.repeat(4096 - 12 - 3))), '192.0.2.1 4000'],
};

for (const [name, [header, names]] of Object.entries(VALID)) {
  test(`reads ${name}`, () => {
    assert.equal(found(header), names);
  });
}

const INVALID: Record<string, string> = {
  'an unknown family': 'PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n',
  'a family in lower case': 'PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n',
  'nothing behind the signature': 'PROXY \r\n',
  'two spaces': 'PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n',
  'a space at the end': 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n',
  'a missing port': 'PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n',
  'one field too many': 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n',
  'a port over 65535': 'PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n',
  'a port with a leading zero': 'PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n',
  'a negative port': 'PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n',
  'an IPv6 address as TCP4': 'PROXY TCP4 ::1 ::1 1 2\r\n',
  'an IPv4 address as TCP6': 'PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n',
  'an address with a zone': 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
  'an address that is none': 'PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n',
  'a line of 108 bytes': `PROXY UNKNOWN ${'x'.repeat(108 - 16)}\r\n`,
  'a line without an end': `PROXY UNKNOWN ${'x'.repeat(1000)}`,
  'version 1 of the binary form': version2(0x11, 0x11, ADDRESSES_4),
  'version 3': version2(0x31, 0x11, ADDRESSES_4),
  'an unknown command': version2(0x22, 0x11, ADDRESSES_4),
  'an unknown binary family': version2(0x21, 0x41, ADDRESSES_4),
  'an unknown transport': version2(0x21, 0x13, ADDRESSES_4),
  'addresses that are too short': version2(0x21, 0x11, ADDRESSES_4.slice(1)),
  'IPv6 with the addresses of IPv4': version2(0x21, 0x21, ADDRESSES_4),
  'an extension that is longer than the header': version2(0x21, 0x11, `${ADDRESSES_4}\x04\x00\x05abcd`),
  'half an extension': version2(0x21, 0x11, `${ADDRESSES_4}\x04\x00`),
  'more than 4 KiB behind the fixed bytes': version2(0x21, 0x11, ADDRESSES_4 + tlv(0x04, '\0'.repeat(4096 - 12 - 2))),
  'a length of 64 KiB, before they have come': `${SIGNATURE}\x21\x11\xff\xff`,
};

for (const [name, header] of Object.entries(INVALID)) {
  test(`refuses ${name}, whole and byte by byte`, () => {
    const bytes = Buffer.from(header, 'latin1');
    const isBadHeader = (error: unknown): boolean => error instanceof ProtocolError && error.code === 'PROXY_BAD_HEADER' && error.status === undefined;
    assert.throws(() => findProxyHeader(bytes), isBadHeader);
    assert.throws(() => {
      for (let length = 0; length <= bytes.length; length++) findProxyHeader(bytes.subarray(0, length));
    }, isBadHeader);
  });
}

test('finds none in what begins like no header, as soon as that is seen', () => {
  const others = ['GET / HTTP/1.1\r\n', 'POST', 'PROXYx', 'PROXY\t', 'proxy ', '\x16\x03\x01', '\r\nGET', '\r\n\r\nGET', `${SIGNATURE.slice(0, 11)}x`, '\n'];
  for (const text of others) assert.equal(findProxyHeader(Buffer.from(text, 'latin1')), 'none', JSON.stringify(text));
  for (const text of ['', 'P', 'PROXY', '\r\n\r\n', SIGNATURE]) assert.equal(findProxyHeader(Buffer.from(text, 'latin1')), 'incomplete', JSON.stringify(text));
});
