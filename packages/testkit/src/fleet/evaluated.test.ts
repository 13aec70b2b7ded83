/** The rules of the examples, asked of the product's PromQL at every slot, give what the truth was computed from: series and values. */
import { readFile } from "node:fs/promises";
import { evaluateInstant, parseExpr, withoutLabels } from "@rondo/promql";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { Instant, LOOKBACK_MS } from "./instant.ts";
import { outage } from "./outage.ts";
import { DURATION_MS } from "./outage-plot.ts";
import { OUTAGE_RULES } from "./outage-rules.ts";
import { labelsText } from "./plain-series.ts";
import { PlayedWindows } from "./played-windows.ts";
import { spedUpRules } from "./sped-up-rules.ts";
import { slotsOf } from "./transitions.ts";

const RULES = await readFile(new URL("../../../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");

/** Elements as text and value, in an order of their own. */
function sorted(found: readonly (readonly [labels: string, value: number])[]) {
  return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

test.each([
  { speed: 1, offset: 0 },
  { speed: 1, offset: 41_234 },
  { speed: 30, offset: 777 },
])("outage at speed $speed, slots at offset $offset ms", async ({ speed, offset }) => {
  const played = outage({ seed: 9, startMs: Date.UTC(2026, 0, 1), speed });
  const written = parse(spedUpRules(RULES, speed)).groups.flatMap(({ rules }: { rules: readonly unknown[] }) => rules);
  const exprs = OUTAGE_RULES.map((_, index) => parseExpr(written[index].expr));
  let now = 0;
  const queryable = new PlayedWindows(played, { now: () => now });
  for (const at of slotsOf("any", { intervalMs: 60_000, offsetsMs: { any: offset } }, played.time, DURATION_MS)) {
    now = at;
    await queryable.refresh();
    for (const [index, rule] of OUTAGE_RULES.entries()) {
      const expr = exprs[index];
      if (expr === undefined) throw new Error(`${rule.alert} is not in the file`);
      const { value } = await evaluateInstant(expr, { queryable, at, lookbackMs: LOOKBACK_MS / speed });
      if (value.type !== "vector") throw new Error(`${rule.alert} gives a ${value.type}`);
      const got = value.samples.map((one) => {
        const labels = Object.fromEntries(withoutLabels(one.labels, new Set(["__name__"])));
        return [labelsText(labels), one.value] as const;
      });
      const factor = rule.alert === "HighErrorRate" ? speed : 1;
      const due = rule.holds(new Instant(played.series, played.time, at));
      const wanted = due.map((one) => [labelsText(one.labels), one.value * factor] as const);
      const where = `${rule.alert} at ${((at - played.time.startMs) * speed) / 60_000} min`;
      expect(
        sorted(got).map(([labels]) => labels),
        where,
      ).toEqual(sorted(wanted).map(([labels]) => labels));
      for (const [place, [, expected]] of sorted(wanted).entries())
        expect(sorted(got)[place]?.[1], where).toBeCloseTo(expected, 9);
    }
  }
});
