/** Asks the windows for a rule's result at one time, and counts the series that were read for it. */
import { type Clock, Fault } from "@rondo/core";
import { type Expr, evaluateInstant, PromqlError, type Queryable, type VectorSample } from "@rondo/promql";

/** Samples that one query may hold at once. */
export const MAX_QUERY_SAMPLES = 50_000_000;

/** How long one query may compute, milliseconds. Nothing else runs meanwhile, the renewal of leases least of all: well below their length. */
export const QUERY_MS = 5_000;

/** The result with the number of series that were read, or why there is none. */
export type QueryOutcome =
  | { readonly kind: "result"; readonly samples: readonly VectorSample[]; readonly inputSeries: number }
  /** The expression cannot be evaluated on this data. */
  | { readonly kind: "failed"; readonly error: string; readonly inputSeries: number }
  /** The samples cannot be had now. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** What a query is made with. */
export interface QueryAround {
  readonly queryable: Queryable;
  readonly lookbackMs: number;
  readonly clock: Clock;
}

/** Evaluates at `at`, milliseconds since the epoch. */
export async function queryRule(
  expr: Expr,
  at: number,
  { queryable, lookbackMs, clock }: QueryAround,
): Promise<QueryOutcome> {
  let inputSeries = 0;
  const counted: Queryable = {
    async select(matchers, span) {
      const series = await queryable.select(matchers, span);
      inputSeries += series.length;
      return series;
    },
  };
  try {
    const { value } = await evaluateInstant(expr, {
      queryable: counted,
      at,
      lookbackMs,
      maxSamples: MAX_QUERY_SAMPLES,
      deadline: { now: () => clock.monotonic(), at: clock.monotonic() + QUERY_MS },
    });
    if (value.type === "vector") return { kind: "result", samples: value.samples, inputSeries };
    if (value.type === "scalar") return { kind: "result", samples: [{ labels: [], value: value.value }], inputSeries };
    return { kind: "failed", error: `the result is a ${value.type}, which has no elements`, inputSeries };
  } catch (thrown) {
    if (thrown instanceof PromqlError && thrown.kind === "canceled") {
      const error = `the query takes more than ${QUERY_MS / 1_000} s: let it read fewer series, or a shorter range`;
      return { kind: "failed", error, inputSeries };
    }
    if (thrown instanceof PromqlError) return { kind: "failed", error: thrown.atPosition, inputSeries };
    const fault = Fault.from(thrown);
    if (fault.code === "unavailable")
      return { kind: "unavailable", reason: `the windows cannot be read: ${fault.message}` };
    return { kind: "failed", error: fault.message, inputSeries };
  }
}
