/** Where the rules of `architecture.test.ts` do not hold, each with the reason. An entry that is no longer needed fails. */

/** Files that may read time, chance or set timers themselves, instead of taking a Clock or Random. */
export const AMBIENT: Readonly<Record<string, string>> = {
  "packages/core/src/clock.ts": "the system clock, which everything else takes as an argument",
};

/** Files that may read `process.env`. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  "packages/config/src/expand.ts": "expands variables that a configuration names",
};

/** Files that may touch `process.argv`, `process.exit` or `console`: only the command line speaks to a terminal. */
export const TERMINAL: Readonly<Record<string, string>> = {};

/** Source files without a test beside them. */
export const UNTESTED: Readonly<Record<string, string>> = {};

/** Files that may import the generated codec, which decodes into objects; everything else works on the wire bytes. */
export const DECODES: Readonly<Record<string, string>> = {
  "packages/exporters/src/debug/detailed-points.ts":
    "shows data points in full, for batches that sampling lets through",
  "packages/exporters/src/debug/detailed.ts": "shows requests in full, for batches that sampling lets through",
  "packages/exporters/src/debug/normal.ts": "shows a line an item, for batches that sampling lets through",
  "packages/exporters/src/debug/text.ts": "shows decoded values",
};
