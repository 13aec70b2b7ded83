/** Every function of the language, by name: one table, from which parser, evaluator and reference all read. */
import { COUNTER_FUNCTIONS } from "./counters.ts";
import type { PromqlFunction } from "./function-type.ts";
import { HISTOGRAM_FUNCTIONS } from "./histograms.ts";
import { INFO_FUNCTIONS } from "./info.ts";
import { LABEL_FUNCTIONS } from "./label-functions.ts";
import { MATH_FUNCTIONS } from "./math.ts";
import { OVER_TIME_FUNCTIONS } from "./over-time.ts";
import { PRESENCE_FUNCTIONS } from "./presence.ts";
import { REGRESSION_FUNCTIONS } from "./regression.ts";
import { SORT_FUNCTIONS } from "./sort.ts";
import { TIME_FUNCTIONS } from "./time.ts";
import { UNBUILT_FUNCTIONS } from "./unbuilt.ts";

/** All functions in no particular order. */
export const FUNCTIONS: readonly PromqlFunction[] = [
  ...COUNTER_FUNCTIONS,
  ...HISTOGRAM_FUNCTIONS,
  ...INFO_FUNCTIONS,
  ...LABEL_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...OVER_TIME_FUNCTIONS,
  ...PRESENCE_FUNCTIONS,
  ...REGRESSION_FUNCTIONS,
  ...SORT_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...UNBUILT_FUNCTIONS,
];

// Asked at every parse and every call.
const byName = new Map(FUNCTIONS.map((one) => [one.name, one]));

/** The function of a name, which is case-sensitive; undefined when there is none. */
export function functionNamed(name: string): PromqlFunction | undefined {
  return byName.get(name);
}
