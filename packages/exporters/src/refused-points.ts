/** What a translation to Prometheus could not take, in the words of the account. */
import type { Drop, DropReason } from "@rondo/core";
import type { Refusal, RefusalReason } from "@rondo/prometheus";

const REASONS: Readonly<Record<RefusalReason, DropReason>> = {
  delta_temporality: "delta_temporality",
  exponential_histogram: "unsupported",
  no_name: "invalid_item",
  invalid_point: "invalid_item",
};

/** A drop for each reason, naming the first metric that it happened to. */
export function dropsOfRefusals(refusals: readonly Refusal[]): readonly Drop[] {
  return refusals.map(({ reason, points, metric }) => ({
    reason: REASONS[reason],
    items: points,
    detail: `${reason}: ${metric.slice(0, NAME_LENGTH)}`,
  }));
}

/** Characters of a metric's name that are shown. */
const NAME_LENGTH = 200;
