/** The words that mean something to the parser. All but a few are also good names of metrics, and all are good label names. */

/** Aggregations, each with the type of its first argument when it takes two. */
export const AGGREGATIONS = {
  avg: undefined,
  bottomk: "scalar",
  count: undefined,
  count_values: "string",
  group: undefined,
  limit_ratio: "scalar",
  limitk: "scalar",
  max: undefined,
  min: undefined,
  quantile: "scalar",
  stddev: undefined,
  stdvar: undefined,
  sum: undefined,
  // The parameter of those that pick or rank comes first in the call.
  topk: "scalar",
} as const;

/** Binary operators with how tightly they bind; `^` binds to the right. */
export const PRECEDENCE = {
  // The looser bindings first. `and` and `unless` bind alike, from left to right.
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  ">": 3,
  "<=": 3,
  ">=": 3,
  "</": 3,
  ">/": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  atan2: 5,
  "^": 6,
} as const;

/** Words that cannot be the name of a metric without quotes. */
export const RESERVED: ReadonlySet<string> = new Set([
  "atan2",
  "bool",
  "group_left",
  "group_right",
  "ignoring",
  // Numbers, in spite of their looks.
  "inf",
  "nan",
  "on",
]);

/** Every word that the parser knows, in lower case. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...Object.keys(AGGREGATIONS),
  ...Object.keys(PRECEDENCE).filter((op) => /^[a-z]/.test(op)),
  ...RESERVED,
  "anchored",
  "by",
  "end",
  "fill",
  "fill_left",
  "fill_right",
  "max_of",
  "min_of",
  "offset",
  "range",
  "smoothed",
  "start",
  "step",
  "without",
]);

/** Names that stand without quotes: of labels, and with colons of metrics. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** A metric name that needs no quotes. */
export const METRIC_NAME_PATTERN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
