import { Fault, retry, SETTLED, type Verdict } from "@rondo/core";
import { expect, test } from "vitest";
import { batchOf, never, unhurried } from "./layers.cases.ts";
import { DEFAULT_RETRY, LONGEST_WAIT_MS } from "./retry.ts";
import { tellTries } from "./tell-tries.ts";

const refused = (afterMs?: number) => retry(new Fault("unavailable", "away"), afterMs);

test.each<[string, Verdict, number]>([
  ["that settled", SETTLED, 0],
  ["that is repeated: the longest pause of the back-off", refused(), 45_000],
  ["that is repeated when the backend says", refused(120_000), 120_000],
  ["that asks for a wait beyond any that is waited", refused(9 * LONGEST_WAIT_MS), LONGEST_WAIT_MS],
])("a try is told of, %s", async (_name, verdict, waitMs) => {
  const told: number[] = [];
  const flow = { ...unhurried(), tried: (ms: number) => told.push(ms) };
  const deliver = tellTries(flow, DEFAULT_RETRY)(async () => verdict);
  expect(await deliver(batchOf("a", 1), never())).toBe(verdict);
  expect(told).toEqual([waitMs]);
});

test("nobody who does not ask is told", async () => {
  const deliver = async () => SETTLED;
  expect(tellTries(unhurried(), DEFAULT_RETRY)(deliver)).toBe(deliver);
});
