/** The times that an expression is evaluated at: one for an instant query, a row of them for a range or a subquery. */

/** Times from `from` by steps of `stepMs`; milliseconds since the epoch. */
export interface Grid {
  readonly from: number;
  readonly stepMs: number;
  /** How many there are; 0 when a subquery's range holds no step. */
  readonly steps: number;
}

/** The time of a step. */
export function timeAt(grid: Grid, step: number): number {
  return grid.from + step * grid.stepMs;
}

/** The times from `from` up to and including `until`. */
export function gridOver(from: number, until: number, stepMs: number): Grid {
  return { from, stepMs, steps: until < from ? 0 : Math.floor((until - from) / stepMs) + 1 };
}
