/**
 * What Prometheus's `increase` and an instant selector give, in plain arithmetic over one series. Written from the
 * documentation of the functions and not shared with any engine, since engines are judged by it.
 */
import type { PlainSeries } from "./plain-series.ts";

/** Gaps up to this many average distances between samples are taken for a series that goes on to the window's border. */
const STILL_GOING = 1.1;

interface Sample {
  readonly time: number;
  readonly value: number;
}

/** Samples later than `at - rangeMs`, up to and including `at`: the window is open on its left. */
function within({ times, values }: PlainSeries, at: number, rangeMs: number): readonly Sample[] {
  return times.flatMap((time, index) => {
    const value = values[index];
    return value !== undefined && time > at - rangeMs && time <= at ? [{ time, value }] : [];
  });
}

/** The newest value that is younger than the lookback; undefined when there is none. */
export function latestIn(series: PlainSeries, at: number, lookbackMs: number): number | undefined {
  return within(series, at, lookbackMs).at(-1)?.value;
}

/**
 * `increase(series[rangeMs])` at `at`; undefined when the window holds fewer than two samples. A fall is a restart of the
 * counter, which began at 0. What the samples saw is extended to the window's borders: all the way where the series
 * seems to go on, else by half a distance – and never further back than where the counter would have been 0.
 */
export function increaseIn(series: PlainSeries, at: number, rangeMs: number): number | undefined {
  const samples = within(series, at, rangeMs);
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < 2) return undefined;
  const seen = samples.reduce((sum, { value }, index) => {
    const before = samples[index - 1]?.value ?? value;
    return sum + (value < before ? value : value - before);
  }, 0);
  const covered = last.time - first.time;
  const distance = covered / (samples.length - 1);
  const extended = (gap: number) => (gap < distance * STILL_GOING ? gap : distance / 2);
  const toZero = seen > 0 ? covered * (first.value / seen) : Number.POSITIVE_INFINITY;
  const before = Math.min(extended(first.time - (at - rangeMs)), toZero);
  return (seen * (covered + before + extended(at - last.time))) / covered;
}
