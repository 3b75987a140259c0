/** Whether memory still grows at the end of a soak. */

/** So much of the mean may the second half rise, from its start to its end, along the line that fits it best: it is noise. */
const FLAT = 0.02;

export interface Sample {
  readonly minutes: number;
  readonly rss: number;
  readonly heapUsed: number;
}

export interface Trend {
  /** Bytes a minute in the second half. */
  readonly bytesPerMinute: number;
  /** What that makes over the second half, as a share of the mean. */
  readonly rise: number;
  readonly isFlat: boolean;
}

/** The line through the second half of the samples that fits best, by least squares. */
export function trendOf(samples: readonly Sample[]): Trend {
  const half = samples.slice(samples.length >> 1);
  if (half.length < 2) throw new RangeError('two samples make no trend');
  const meanMinutes = mean(half.map(({ minutes }) => minutes));
  const meanRss = mean(half.map(({ rss }) => rss));
  let [covariance, variance] = [0, 0];
  for (const { minutes, rss } of half) {
    covariance += (minutes - meanMinutes) * (rss - meanRss);
    variance += (minutes - meanMinutes) ** 2;
  }
  const bytesPerMinute = covariance / variance;
  const rise = (bytesPerMinute * (half.at(-1)!.minutes - half[0]!.minutes)) / meanRss;
  return { bytesPerMinute, rise, isFlat: rise <= FLAT };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
