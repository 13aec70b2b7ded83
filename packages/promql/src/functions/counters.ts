/** Functions over the samples of a range that follow how a counter or a gauge moves. */

import { scaleHistogram } from "../histogram-arithmetic.ts";
import { labelValue, METRIC_NAME } from "../labels.ts";
import type { Labels } from "../queryable.ts";
import type { Window } from "../window.ts";
import { extendedDelta } from "./extended-range.ts";
import { argument, type CellValue, type PromqlFunction, type Report } from "./function-type.ts";
import { histogramDelta, histogramsDiffer, instantHistogramDelta, isReset } from "./histogram-counters.ts";

const COUNTER_SUFFIX = /_(?:total|sum|count|bucket)$/;

/** Says that a rate is taken of what its name does not call a counter. */
function checkCounter(labels: Labels, { notes, expr }: Report): void {
  const name = labelValue(labels, METRIC_NAME);
  if (name !== "" && !COUNTER_SUFFIX.test(name))
    notes.info(
      `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
      argument(expr, 0),
    );
}

/**
 * How much the samples of a window moved, extrapolated to its ends: all the way where samples come close enough to an end,
 * by half a sample's distance where they do not, and never past where a counter was zero.
 */
function extrapolated(window: Window, report: Report, counter: boolean, perSecond: boolean): CellValue {
  if (window.extended !== undefined) return extendedDelta(window, counter, perSecond);
  const { floats, histogramCount } = window;
  if (floats > 0 && histogramCount > 0) {
    const message = `encountered a mix of histograms and floats for metric name ${JSON.stringify(window.name)}`;
    report.notes.warn(message, argument(report.expr, 0));
    return undefined;
  }
  if (histogramCount > 1) {
    // The same as below with numbers, but that the delta is one of every bucket.
    const { histogramFrom, histogramTo, histogramTimes, histograms } = window;
    const delta = histogramDelta(window, report, counter);
    if (delta === undefined) return undefined;
    const first = histogramTimes[histogramFrom] ?? 0;
    const last = histogramTimes[histogramTo - 1] ?? 0;
    const before = histograms[histogramFrom]?.count ?? 0;
    // Where the count would have been zero, the histogram began.
    const zero = counter && delta.count > 0 && before >= 0 ? before / delta.count : undefined;
    return scaleHistogram(delta, factorOf(window, first, last, histogramCount, zero, perSecond));
  }
  // A counter that began within the range was zero then: one sample is enough to tell how much it rose since.
  const began = counter && floats > 0 ? beginningOf(window) : undefined;
  if (floats < 2 && began === undefined) return undefined;
  const { values, from, to } = window;
  const first = values[from] ?? 0;
  let delta = (values[to - 1] ?? 0) - (began === undefined ? first : 0);
  if (counter) delta += window.startTimes === undefined ? lostByFalling(window) : lostByResets(window);
  if (began !== undefined) return delta * factorSince(window, began, perSecond);
  const zero = counter && delta > 0 && first >= 0 ? first / delta : undefined;
  return delta * factorOf(window, window.time(from), window.time(to - 1), floats, zero, perSecond);
}

/** When the counter of the first sample began, if it was within the range. */
function beginningOf(window: Window): number | undefined {
  if (window.startTimes === undefined) return undefined;
  const start = window.startTime(window.from);
  return start > window.start ? start : undefined;
}

/** What a counter had counted before each time that it fell: each was a beginning anew from zero. */
function lostByFalling({ values, from, to }: Window): number {
  let lost = 0;
  let previous = values[from] ?? 0;
  // Every sample of every range and series comes by here: the loop stays with plain numbers and indices.
  for (let index = from + 1; index < to; index++) {
    const value = values[index] ?? 0;
    if (value < previous) lost += previous;
    previous = value;
  }
  return lost;
}

/** The same where it is known when the counter began. */
function lostByResets(window: Window): number {
  let lost = 0;
  for (let index = window.from + 1; index < window.to; index++)
    if (window.wasReset(index)) lost += window.value(index - 1);
  return lost;
}

/** What a delta since a known beginning is multiplied with: there is nothing to guess at the range's start. */
function factorSince(window: Window, began: number, perSecond: boolean): number {
  const last = window.time(window.to - 1);
  const sampled = (last - began) / 1000;
  const average = window.floats < 2 ? 0 : (last - window.time(window.from)) / 1000 / (window.floats - 1);
  const toEnd = (window.end - last) / 1000;
  const factor = (sampled + (toEnd < average * 1.1 ? toEnd : average / 2)) / sampled;
  return perSecond ? factor / ((window.end - window.start) / 1000) : factor;
}

/** What a delta between two times is multiplied with; `zero` is the first value as a share of the delta. */
function factorOf(
  window: Window,
  first: number,
  last: number,
  count: number,
  zero: number | undefined,
  perSecond: boolean,
): number {
  const sampled = (last - first) / 1000;
  const average = sampled / (count - 1);
  // A sample that is missing at an end, where one would be expected from the distance of the others, means that the
  // series began or ended there; ten percent are jitter of the scrapes.
  const threshold = average * 1.1;
  let toStart = (first - window.start) / 1000;
  let toEnd = (window.end - last) / 1000;
  if (toStart >= threshold) toStart = average / 2;
  // A counter cannot have been negative: it is not extrapolated to before it was zero.
  if (zero !== undefined) {
    const toZero = sampled * zero;
    if (toZero < toStart) toStart = toZero;
  }
  if (toEnd >= threshold) toEnd = average / 2;
  const factor = (sampled + toStart + toEnd) / sampled;
  return perSecond ? factor / ((window.end - window.start) / 1000) : factor;
}

/** The difference of the last two samples, as a rate of a counter or as it is. */
function instant(window: Window, report: Report, counter: boolean): CellValue {
  const { to, from, floats, histogramCount } = window;
  if (floats + histogramCount < 2) return undefined;
  if (histogramCount > 0) return instantHistogramDelta(window, report, counter);
  if (to - from < 2) return undefined;
  const last = window.value(to - 1);
  const previous = window.value(to - 2);
  const seconds = (window.time(to - 1) - window.time(to - 2)) / 1000;
  // After a reset the counter's value is what it rose by since.
  const delta = counter && window.wasReset(to - 1) ? last : last - previous;
  return counter ? delta / seconds : delta;
}

/** Counts the neighbours of a window for which `differs` holds; `isReset` of two histograms, or of their kinds. */
function countSteps(
  window: Window,
  differs: (window: Window, index: number) => boolean,
  histogramsDo: typeof histogramsDiffer,
): number | undefined {
  const { to, times } = window;
  let { from } = window;
  if (window.extended === "anchored") {
    // The last sample at or before the range's start is where it begins.
    if (to === from || (times[to - 1] ?? 0) <= window.start) return undefined;
    while (from + 1 < to && (times[from + 1] ?? 0) <= window.start) from++;
  }
  let count = 0;
  if (window.histogramCount === 0) {
    if (from === to) return undefined;
    for (let index = from + 1; index < to; index++) if (differs(window, index)) count++;
    return count;
  }
  // Numbers and histograms come in two lists: they are merged by time while they are compared.
  let float = from;
  let histogram = window.histogramFrom;
  let before: CellValue;
  while (float < to || histogram < window.histogramTo) {
    const takeFloat =
      histogram >= window.histogramTo || (float < to && (times[float] ?? 0) < (window.histogramTimes[histogram] ?? 0));
    const now: CellValue = takeFloat ? window.value(float++) : window.histograms[histogram++];
    if (before !== undefined && now !== undefined) {
      if (typeof before === "number" && typeof now === "number") {
        // Neighbours of one kind follow each other in their list.
        if (differs(window, float - 1)) count++;
        // A change of kind is a change, and a reset: the metric was redefined.
      } else if (typeof before === "number" || typeof now === "number") count++;
      else if (histogramsDo(before, now)) count++;
    }
    before = now;
  }
  return count;
}

/** An entry for a function of how much the samples moved over a range. */
function moving(name: string, doc: string, counter: boolean, perSecond: boolean): PromqlFunction {
  const run: PromqlFunction["run"] = {
    kind: "window",
    extended: ["anchored", "smoothed"],
    apply: (window, _params, report) => extrapolated(window, report, counter, perSecond),
    // What a gauge is called does not matter.
    ...(counter ? { check: checkCounter } : {}),
  };
  return { name, doc, args: ["matrix"], result: "vector", run };
}

/** An entry for a function of the last two samples. */
function movingNow(name: string, doc: string, counter: boolean): PromqlFunction {
  const run: PromqlFunction["run"] = {
    kind: "window",
    apply: (window, _params, report) => instant(window, report, counter),
  };
  return { name, doc, args: ["matrix"], result: "vector", run };
}

/** An entry for a function that counts how often neighbours differ in a way. */
function counting(
  name: string,
  doc: string,
  differs: (window: Window, index: number) => boolean,
  histogramsDo: typeof histogramsDiffer,
): PromqlFunction {
  const run: PromqlFunction["run"] = {
    kind: "window",
    // Between two samples there is nothing to count, so that smoothing would make no sense.
    extended: ["anchored"],
    apply: (window) => countSteps(window, differs, histogramsDo),
  };
  return { name, doc, args: ["matrix"], result: "vector", run };
}

/** Functions of counters and gauges. */
export const COUNTER_FUNCTIONS: readonly PromqlFunction[] = [
  moving("rate", "How fast a counter rose, per second on average.", true, true),
  moving("increase", "How much a counter rose.", true, false),
  moving("delta", "How much a gauge moved.", false, false),
  movingNow("irate", "How fast a counter rose between its last two samples, per second.", true),
  movingNow("idelta", "The difference of a gauge's last two samples.", false),
  counting(
    "resets",
    "How often a counter fell.",
    (window, index) => window.wasReset(index),
    (before, after) => isReset(after, before),
  ),
  counting(
    "changes",
    "How often the value changed.",
    // NaN after NaN is no change, though the two are not equal.
    (window, index) => {
      const [before, after] = [window.value(index - 1), window.value(index)];
      return after !== before && !(Number.isNaN(after) && Number.isNaN(before));
    },
    histogramsDiffer,
  ),
];
