/**
 * What groups are called in a medium. Each name belongs to one prefix and one group: behind the prefix stands a mark that no escaped group
 * has in it, so that the last mark says where the group begins.
 */

/**
 * A group without the characters that `special` matches, which must match `%` and lone surrogates: these have no bytes of their own, and
 * would all look the same. Never empty.
 */
export function escapeGroup(group: string, special: RegExp): string {
  return group === '' ? '%' : group.replace(special, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const isLoneSurrogate = /^\p{Surrogate}$/u.test(character);
  return isLoneSurrogate ? `%u${character.charCodeAt(0).toString(16)}` : `%${Buffer.from(character).toString('hex')}`;
}
