import { REFUSAL_REASONS, type RefusalReason } from "@rondo/prometheus";
import { expect, test } from "vitest";
import { dropsOfRefusals } from "./refused-points.ts";

test("each reason of a translation is a reason of the account, and names the metric", () => {
  // The keys of the table are the reasons.
  const reasons = Object.keys(REFUSAL_REASONS) as RefusalReason[];
  const drops = dropsOfRefusals(reasons.map((reason) => ({ reason, points: 2, metric: "m" })));
  expect(drops).toEqual([
    { reason: "delta_temporality", items: 2, detail: "delta_temporality: m" },
    { reason: "unsupported", items: 2, detail: "exponential_histogram: m" },
    { reason: "invalid_item", items: 2, detail: "no_name: m" },
    { reason: "invalid_item", items: 2, detail: "invalid_point: m" },
  ]);
});
