import { Fault } from "@rondo/core";
import { parseExpr } from "@rondo/promql";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { TestWindows } from "./alerts.cases.ts";
import { QUERY_MS, queryRule } from "./query-rule.ts";

function filled() {
  const clock = new FakeClock();
  const windows = new TestWindows(clock);
  for (const host of ["a", "b"]) windows.set({ __name__: "m", host }, host === "a" ? 1 : 5);
  windows.set({ __name__: "n", host: "a" }, 2);
  const ask = (expr: string) =>
    queryRule(parseExpr(expr), clock.now(), { queryable: windows, lookbackMs: 300_000, clock });
  return { windows, clock, ask };
}

test("the elements of a vector, and the series that were read for them", async () => {
  const { ask } = filled();
  expect(await ask("m > 2 or n")).toMatchObject({
    kind: "result",
    samples: [{ value: 5 }, { value: 2 }],
    inputSeries: 3,
  });
  expect(await ask("absent(nothing)")).toMatchObject({
    kind: "result",
    samples: [{ labels: [], value: 1 }],
    inputSeries: 0,
  });
});

test("a number is one element without labels", async () => {
  expect(await filled().ask("1 + 1")).toEqual({ kind: "result", samples: [{ labels: [], value: 2 }], inputSeries: 0 });
});

test("what cannot be evaluated on these samples says why", async () => {
  expect(await filled().ask("m * on () n")).toMatchObject({
    kind: "failed",
    error: expect.stringContaining("many"),
    inputSeries: 3,
  });
});

test("a query that takes too long is ended, and the rule is told so", async () => {
  const { ask, clock } = filled();
  let asked = 0;
  // As if each look at the clock took a second.
  clock.monotonic = () => 1_000 * asked++;
  const expr = Array(QUERY_MS / 1_000 + 2)
    .fill("m")
    .join(" + ");
  expect(await ask(expr)).toMatchObject({ kind: "failed", error: expect.stringMatching(/more than 5 s: let it read/) });
});

test("what the windows throw is no judgement of the rule when later will do", async () => {
  const { windows, ask } = filled();
  windows.select = () => Promise.reject(new Fault("unavailable", "redis is away"));
  expect(await ask("m")).toEqual({ kind: "unavailable", reason: "the windows cannot be read: redis is away" });
  windows.select = () => Promise.reject(new Fault("too_large", "too many samples"));
  expect(await ask("m")).toMatchObject({ kind: "failed", error: "too many samples" });
});
