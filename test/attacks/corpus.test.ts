/** No attack of the corpus makes the server see a request that RFC 9112 does not find in its bytes, nor lose one that it does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed, Target } from '../support/attacks.js';
import { CORPUS, countAttacks } from './corpus.js';

for (const { name, attacks } of CORPUS) {
  test(`withstands ${attacks.length} attacks by ${name}`, async (t) => {
    const reading = await Target.start(t, true);
    const ignoring = await Target.start(t, false);
    for (const attack of attacks) {
      await t.test(`withstands ${attack.name}`, async (t) => {
        assertParsed(attack);
        await Promise.all([
          reading.assertWithstands(t, attack, true, true),
          reading.assertWithstands(t, attack, true, false),
          ignoring.assertWithstands(t, attack, false, true),
          ignoring.assertWithstands(t, attack, false, false),
        ]);
      });
    }
  });
}

test('holds no attack twice, and more than 500 in all', () => {
  const all = CORPUS.flatMap(({ attacks }) => attacks);
  const names = new Map<string, string>();
  for (const { bytes, name } of all) {
    assert.equal(names.get(bytes), undefined, name);
    names.set(bytes, name);
  }
  for (const { name, attacks } of CORPUS) assert.equal(new Set(attacks.map((attack) => attack.name)).size, attacks.length, `names of ${name}`);
  assert.ok(countAttacks()['all']! > 500);
});
