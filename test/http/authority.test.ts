/** What is a host, and where it may stand: the grammar of RFC 3986 §3.2, case by case. */

import assert from 'node:assert/strict';
import { isIPv6 as nodeIsIPv6 } from 'node:net';
import { test } from 'node:test';
import { isAuthorityForm, isHost, isHttpAuthority } from '#src/http/authority.js';

const HOSTS = [
  'a', 'a.example', 'a.example.', 'A_b-c~d', '127.0.0.1', '999.1', 'a:80', 'a:0', 'a:65535', 'a:00080', 'a:', '%41', 'a%2Fb', "!$&'()*+,;=",
  '[::1]', '[::]', '[::1]:8080', '[2001:db8::1]', '[1:2:3:4:5:6:7:8]', '[1:2:3:4:5:6:1.2.3.4]', '[::ffff:1.2.3.4]', '[1::8]', '[v1.a:b]', '[vF.x]:1',
];

const NOT_HOSTS = [
  ' ', 'a b', 'a/b', 'a?b', 'a#b', 'a@b', 'u:p@a', 'a\\b', 'a"', 'a<b', 'a:b', 'a:65536', 'a:99999999999999999999', 'a:-1', 'a:+1', 'a:80:80', 'a:8 0',
  '%', '%4', '%zz', 'a\xe9', '::1', '[', ']', '[]', '[::1', '::1]', '[::1]a', '[::1]:x', '[1:2:3]', '[1:2:3:4:5:6:7:8:9]', '[1::2::3]', '[:::]', '[12345::]',
  '[::1.2.3]', '[::1.2.3.256]', '[::01.2.3.4]', '[1.2.3.4]', '[1.2.3.4::]', '[g::]', '[::1%eth0]', '[v.a]', '[v1.]', '[vg.a]', '[1:2:3:4:5:6:7::8:9]', '[1:2:3:4:5:6:7:1.2.3.4]',
];

test('takes what is a host with perhaps a port', () => {
  for (const host of HOSTS) assert.equal(isHost(host), true, host);
});

test('takes an empty host, with or without a port (RFC 9110 §7.2)', () => {
  for (const host of ['', ':', ':80']) assert.equal(isHost(host), true, JSON.stringify(host));
});

test('refuses what is no host', () => {
  for (const host of NOT_HOSTS) assert.equal(isHost(host), false, host);
});

test('agrees with node:net about IPv6 addresses', () => {
  const groups = ['', '0', '1', 'ffff', 'fffff', '1.2.3.4', 'g'];
  let seen = 0;
  for (let i = 0; i < 40_000; i++) {
    // Every text of up to six groups, then longer ones of some kinds.
    let rest = i;
    const text: string[] = [];
    for (let count = 2 + (i % 8); count > 0; count--) {
      text.push(groups[rest % groups.length]!);
      rest = Math.floor(rest / groups.length) + count;
    }
    const address = text.join(':');
    assert.equal(isHost(`[${address}]`), nodeIsIPv6(address), address);
    if (nodeIsIPv6(address)) seen++;
  }
  assert.ok(seen > 100, `${seen} were addresses`);
});

test('takes for the authority of an http URI no empty host', () => {
  for (const authority of ['', ':', ':80', 'u@a', 'u:p@a']) assert.equal(isHttpAuthority(authority), false, authority);
  for (const authority of ['a', 'a:', 'a:80', '[::1]']) assert.equal(isHttpAuthority(authority), true, authority);
});

test('takes for the authority form a host and a port, both there', () => {
  for (const authority of ['', 'a', 'a:', ':80', 'a:65536', '[::1]', '[::1]:']) assert.equal(isAuthorityForm(authority), false, authority);
  for (const authority of ['a:80', '[::1]:443', '1.2.3.4:1']) assert.equal(isAuthorityForm(authority), true, authority);
});
