import { systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { MAX_CONDITIONS, Readiness } from "./readiness.ts";
import { createRegistry } from "./registry.ts";

test("ready when every condition holds, since the last one did", () => {
  let now = 1;
  const readiness = new Readiness({ ...systemClock, now: () => now });
  expect(readiness.upSince).toBe(1);
  readiness.lacks("broker", "opening segments");
  readiness.lacks("gateway", "starting");
  expect(readiness.upSince).toBeUndefined();
  expect(readiness.reasons()).toEqual([
    { condition: "broker", reason: "opening segments" },
    { condition: "gateway", reason: "starting" },
  ]);
  readiness.holds("broker");
  now = 5;
  readiness.holds("gateway");
  now = 6;
  readiness.holds("gateway");
  expect(readiness.upSince).toBe(5);
  readiness.lacks("broker", "disk full");
  now = 7;
  readiness.forget("broker");
  expect(readiness.upSince).toBe(7);
});

test("a condition that is only told to hold leaves the process ready since before", () => {
  let now = 1;
  const readiness = new Readiness({ ...systemClock, now: () => now });
  now = 2;
  readiness.holds("x");
  expect(readiness.reasons()).toEqual([]);
  expect(readiness.upSince).toBe(1);
});

test("conditions are metrics, and bounded", () => {
  const readiness = new Readiness(systemClock);
  const registry = createRegistry();
  readiness.observe(registry);
  readiness.lacks("a", "b");
  readiness.holds("c");
  expect(registry.render()).toMatch(/rondo_ready\{condition="a"\} 0\nrondo_ready\{condition="c"\} 1\n/);
  for (let n = 2; n < MAX_CONDITIONS; n++) readiness.lacks(`n${n}`, "x");
  expect(() => readiness.lacks("one more", "x")).toThrow(/1000/);
  expect(() => readiness.lacks("a", "still")).not.toThrow();
});
