import { labelsOf } from "@rondo/promql";
import { expect, test } from "vitest";
import { matching } from "./matchers.cases.ts";
import { KEEP_REACH_MS, WindowSelectors } from "./window-selectors.ts";

const series = (labels: Record<string, string>) => ({ labels: labelsOf(labels) });
const MINUTE = 60_000;

test("a series is kept as long as the farthest selector that reads it, and not at all when none does", () => {
  const selectors = new WindowSelectors({
    rules: {
      default: [
        { matchers: matching("requests_total", ["status", "=~", "5.."]), reachMs: 5 * MINUTE },
        { matchers: matching("requests_total"), reachMs: 2 * MINUTE },
        { matchers: matching("", ["job", "=", "mongodb"]), reachMs: 10 * MINUTE },
        { matchers: matching("up", ["job", "!=", ""]), reachMs: MINUTE },
      ],
    },
  });
  const reach = (labels: Record<string, string>) => selectors.reachOf("default", series(labels)) / MINUTE;
  expect(reach({ __name__: "requests_total", status: "503" })).toBe(5);
  expect(reach({ __name__: "requests_total", status: "200" })).toBe(2);
  expect(reach({ __name__: "requests_total", job: "mongodb" })).toBe(10);
  expect(reach({ __name__: "connections", job: "mongodb" })).toBe(10);
  expect(reach({ __name__: "up" })).toBe(0);
  expect(reach({ __name__: "up", job: "a" })).toBe(1);
  expect(reach({ __name__: "other" })).toBe(0);
  expect(selectors.longestMs).toBe(10 * MINUTE);
});

test("rules are a tenant's own; what the configuration keeps is everybody's", () => {
  const selectors = new WindowSelectors({
    rules: { a: [{ matchers: matching("up"), reachMs: MINUTE }], b: [] },
    keep: [matching("", ["__name__", "=~", "training_.+"])],
  });
  const reach = (tenant: string, name: string) => selectors.reachOf(tenant, series({ __name__: name }));
  expect(["a", "b", "c"].map((tenant) => reach(tenant, "up"))).toEqual([MINUTE, 0, 0]);
  expect(["a", "b", "c"].map((tenant) => reach(tenant, "training_rounds"))).toEqual(Array(3).fill(KEEP_REACH_MS));
  expect(selectors.longestMs).toBe(KEEP_REACH_MS);
  expect(new WindowSelectors({ rules: {} }).longestMs).toBe(0);
});

// The same object for several tenants: a translator knows nothing of them.
test("a series is matched once for each tenant", () => {
  let asked = 0;
  const matchers = matching("up").map((matcher) => ({
    ...matcher,
    matches: (value: string) => {
      asked++;
      return matcher.matches(value);
    },
  }));
  const selectors = new WindowSelectors({ rules: { a: [{ matchers, reachMs: 1 }], b: [{ matchers, reachMs: 2 }] } });
  const up = series({ __name__: "up" });
  for (let round = 0; round < 3; round++) {
    expect([selectors.reachOf("a", up), selectors.reachOf("b", up)]).toEqual([1, 2]);
  }
  expect(asked).toBe(2);
});

test("the fingerprint is of what is kept, not of the order in which it was loaded", () => {
  const up = { matchers: matching("up"), reachMs: 1 };
  const down = { matchers: matching("down"), reachMs: 1 };
  const print = (rules: Record<string, (typeof up)[]>, keep = [matching("a")]) =>
    new WindowSelectors({ rules, keep }).fingerprint;
  const before = print({ a: [up, down] });
  expect(print({ a: [down, up, up] })).toBe(before);
  for (const other of [
    print({ a: [up] }),
    print({ b: [up, down] }),
    print({ a: [{ ...up, reachMs: 2 }, down] }),
    print({ a: [up, down] }, []),
  ]) {
    expect(other).not.toBe(before);
  }
});
