/**
 * Token buckets, each kept as one number: the moment at which it will be full again. A bucket holds one second's worth, refills evenly,
 * and one that is full is as good as none.
 */

/** How long an empty bucket takes to be full. */
export const WINDOW_MS = 1000;
/** Rounding must not cost the last token. */
const ROUNDING_MS = 0.001;

/** When the bucket will be full again once a token is taken out; `undefined` where it holds none. */
export function takeToken(fullAt: number, now: number, perSecond: number): number | undefined {
  return takeTokens(1, fullAt, now, perSecond);
}

/**
 * The same for `count` tokens: all of them or none.
 *
 * @param since from when on the bucket may have filled without running over: then it holds more than one second's worth.
 */
export function takeTokens(count: number, fullAt: number, now: number, perSecond: number, since = now): number | undefined {
  const next = Math.max(since, fullAt) + (count * WINDOW_MS) / perSecond;
  return next > now + WINDOW_MS + ROUNDING_MS ? undefined : next;
}
