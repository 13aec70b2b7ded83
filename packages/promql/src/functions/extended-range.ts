/** Deltas whose ends are taken from samples outside the range (`anchored`) or between two samples (`smoothed`). */
import { PromqlError } from "../promql-error.ts";
import type { Window } from "../window.ts";

/** The value at a time between the samples `index` and `index + 1`; a counter that fell in between counts from zero. */
export function interpolate(window: Window, index: number, time: number, counter: boolean): number {
  const after = window.value(index + 1);
  const before = counter && after < window.value(index) ? 0 : window.value(index);
  return before + ((after - before) * (time - window.time(index))) / (window.time(index + 1) - window.time(index));
}

/** The values at the ends of an extended range; undefined when no sample is later than its start. */
export function rangeEnds(
  window: Window,
  counter: boolean,
): { readonly left: number; readonly right: number } | undefined {
  if (window.histogramCount > 0)
    throw new PromqlError("execution", "smoothed and anchored modifiers do not work with native histograms");
  const { from, to, start, end } = window;
  if (to === from) return undefined;
  // Anchored, the last sample at or before each end stands for it; smoothed, the value on the line between the samples
  // around it does.
  const smoothed = window.extended === "smoothed";
  let last = to - 1;
  if (smoothed) while (last > from && window.time(last - 1) >= end) last--;
  if (window.time(last) <= start) return undefined;
  let first = from;
  while (first + 1 < last && window.time(first + 1) <= start) first++;
  const before = smoothed && window.time(first) < start;
  const behind = smoothed && last > from && window.time(last) > end;
  return {
    left: before ? interpolate(window, first, start, counter) : window.value(first),
    right: behind ? interpolate(window, last - 1, end, counter) : window.value(last),
  };
}

/** How much the samples moved over exactly the range, without extrapolation; undefined when none lies in it. */
export function extendedDelta(window: Window, counter: boolean, perSecond: boolean): number | undefined {
  const ends = rangeEnds(window, counter);
  if (ends === undefined) return undefined;
  const { left, right } = ends;
  const delta = right - left + (counter ? resetsBetween(window, left, right) : 0);
  return perSecond ? delta / ((window.end - window.start) / 1000) : delta;
}

/** What a counter lost by resets strictly within the range; those at its ends are in the ends' values. */
function resetsBetween(window: Window, left: number, right: number): number {
  // From sample to sample as ever, but beginning and ending with the values at the ends.
  let lost = 0;
  let previous = left;
  for (let index = window.from; index < window.to; index++) {
    const time = window.time(index);
    if (time <= window.start || time >= window.end) continue;
    const value = window.value(index);
    if (value < previous) lost += previous;
    previous = value;
  }
  return right < previous ? lost + previous : lost;
}
