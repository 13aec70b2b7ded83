/** What became of tests, as numbers that can be added. */

/** Counts of one stage or of all. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Nothing ran. */
export const NO_TESTS: Tally = { passed: 0, failed: 0, skipped: 0 };

/** The sum of two tallies. */
export function addTallies(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The closing line of a run: `N passed, N failed, N skipped`. */
export function tallyLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`;
}

/** What `tally-reporter.ts` leaves of a run: its counts, and what failed, a line or a few each, named by file and test. */
export interface RunResult {
  readonly tally: Tally;
  readonly failures: readonly string[];
}

/**
 * Reads the file that `tally-reporter.ts` wrote. Anything else than three counts and the failures, such as no file because
 * the runner died, is undefined: the caller counts the stage itself as failed.
 */
export function parseRunResult(text: string | undefined): RunResult | undefined {
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const counts = new Map<string, unknown>(Object.entries(parsed));
  const [passed, failed, skipped] = [counts.get("passed"), counts.get("failed"), counts.get("skipped")];
  if (typeof passed !== "number" || typeof failed !== "number" || typeof skipped !== "number") return undefined;
  const failures = counts.get("failures");
  if (!Array.isArray(failures)) return undefined;
  return { tally: { passed, failed, skipped }, failures: failures.map(String) };
}
