/** Which addresses are trusted, by entry: an address, a range, a unix socket, a function. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from 'longwire';
import { trustedBy } from '#src/net/trusted-addresses.js';

const CASES: readonly (readonly [entry: string, trusted: readonly string[], others: readonly string[]])[] = [
  ['10.0.0.1', ['10.0.0.1', '::ffff:10.0.0.1'], ['10.0.0.2', '::1', '', '::ffff:10.0.0.2']],
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.0', '9.255.255.255']],
  ['10.1.2.3/8', ['10.200.0.1'], ['11.1.2.3']],
  ['192.0.2.0/25', ['192.0.2.127'], ['192.0.2.128']],
  ['0.0.0.0/0', ['1.2.3.4'], ['2001:db8::1', '']],
  ['192.0.2.1/32', ['192.0.2.1'], ['192.0.2.0']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
  ['fd00::/8', ['fd00::1', 'fdff::'], ['fe00::1', 'fe80::1%eth0']],
  ['::/0', ['2001:db8::1'], ['', 'fe80::1%eth0']],
  ['unix', [''], ['127.0.0.1', 'unix']],
];

for (const [entry, trusted, others] of CASES) {
  test(`trusts ${entry}, and nobody else`, () => {
    const trusts = trustedBy([entry]);
    for (const address of trusted) assert.equal(trusts(address), true, address);
    for (const address of others) assert.equal(trusts(address), false, address);
  });
}

test('trusts every entry of a list, and nobody by an empty one', () => {
  const trusts = trustedBy(['10.0.0.1', 'fd00::/8', 'unix']);
  for (const address of ['10.0.0.1', 'fd00::1', '']) assert.equal(trusts(address), true, address);
  for (const address of ['10.0.0.1', '', '::1']) assert.equal(trustedBy([])(address), false, address);
});

test('refuses an entry that is neither an address nor a range', () => {
  for (const entry of ['', 'localhost', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '/8', '::/129', 'fe80::1%eth0', '10.0.0.1/8/8', 'loopback']) {
    assert.throws(() => trustedBy([entry]), UsageError, entry);
  }
  assert.throws(() => trustedBy([5 as unknown as string]), UsageError);
});
