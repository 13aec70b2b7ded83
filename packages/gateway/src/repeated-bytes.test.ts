import { SIGNALS, splitRequest } from "@rondo/otlp";
import { expect, test } from "vitest";
import { repeatedBytes } from "./repeated-bytes.ts";
import { request } from "./rig.cases.ts";

test.each(SIGNALS)("what stands around the items of %s is what every piece of a cut repeats", (signal) => {
  const names = ["a", "b", "c", "d"];
  const body = request(signal, names, "s".repeat(500));
  const repeated = repeatedBytes(signal, body);
  expect(repeated).toBeGreaterThan(500);
  const pieces = splitRequest(signal, body, { maxItems: 1, maxBytes: 0 });
  const sum = pieces.reduce((bytes, piece) => bytes + piece.body.length, 0);
  expect(sum).toBeGreaterThanOrEqual(body.length + (names.length - 1) * 500);
  // A few bytes more for tags and lengths, which every piece writes anew.
  expect(sum).toBeLessThanOrEqual(body.length + (names.length - 1) * (repeated + 20));
});

test("the heaviest of several resources counts", () => {
  const light = request("logs", ["a"], "x");
  const heavy = request("logs", ["a"], "x".repeat(300));
  expect(repeatedBytes("logs", Buffer.concat([light, heavy, light]))).toBe(repeatedBytes("logs", heavy));
});

test("an empty request has nothing to repeat", () => {
  expect(repeatedBytes("traces", Buffer.alloc(0))).toBe(0);
});
