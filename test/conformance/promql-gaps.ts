/** Evaluations of the reference's scripts that we fail, each with the reason. One that passes must leave this list. */

/** A known gap: the script, the line of its `eval`, and why. */
export interface PromqlGap {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** None is known. */
export const PROMQL_GAPS: readonly PromqlGap[] = [];
