/**
 * Token buckets, each kept as one number: the moment at which it will be full again. A bucket holds one second's worth, refills evenly,
 * and one that is full is as good as none.
 */

const WINDOW_MS = 1000;
/** Rounding must not cost the last token. */
const ROUNDING_MS = 0.001;

/** When the bucket will be full again once a token is taken out; `undefined` where it holds none. */
export function takeToken(fullAt: number, now: number, perSecond: number): number | undefined {
  const next = Math.max(now, fullAt) + WINDOW_MS / perSecond;
  return next > now + WINDOW_MS + ROUNDING_MS ? undefined : next;
}

/** The same for `amount` tokens at once: as long as any is left all of them are taken, and the bucket may owe some. */
export function takeTokens(fullAt: number, now: number, amount: number, perSecond: number): number | undefined {
  if (fullAt >= now + WINDOW_MS) return undefined;
  return Math.max(now, fullAt) + (amount * WINDOW_MS) / perSecond;
}
