/** No attack of the corpus makes the server see a request that RFC 9112 does not find in its bytes, nor lose one that it does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed, Target } from '../support/attacks.js';
import { CORPUS, countAttacks } from './corpus.js';

for (const { name, attacks } of CORPUS) {
  test(`withstands ${attacks.length} attacks by ${name}`, async (t) => {
    const reading = await Target.start(t, 'reads');
    const ignoring = await Target.start(t, 'ignores');
    const forgiving = await Target.start(t, 'forgives');
    for (const attack of attacks) {
      await t.test(`withstands ${attack.name}`, async (t) => {
        assertParsed(attack);
        await Promise.all([
          reading.assertWithstands(t, attack, true),
          reading.assertWithstands(t, attack, false),
          ignoring.assertWithstands(t, attack, true),
          ignoring.assertWithstands(t, attack, false),
          // Only of a body that is broken is there something to forgive.
          attack.seen.at(-1)?.endsWith('broken') === true && forgiving.assertWithstands(t, attack, true),
        ]);
      });
    }
  });
}

test('holds no attack twice, and more than 800 in all', () => {
  const all = CORPUS.flatMap(({ attacks }) => attacks);
  const names = new Map<string, string>();
  for (const { bytes, name } of all) {
    assert.equal(names.get(bytes), undefined, name);
    names.set(bytes, name);
  }
  for (const { name, attacks } of CORPUS) assert.equal(new Set(attacks.map((attack) => attack.name)).size, attacks.length, `names of ${name}`);
  assert.ok(countAttacks()['all']! > 800);
});
