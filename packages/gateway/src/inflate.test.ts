import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { inflation } from "./inflate.ts";

const LIMIT = 1 << 20;

test("the guess follows what was measured, and never exceeds the limit", async () => {
  const it = inflation();
  const before = it.expect(1_000, LIMIT);
  const body = gzipSync(Buffer.alloc(100_000));
  for (let i = 0; i < 20; i++) await it.inflate("gzip", body, LIMIT);
  expect(it.expect(1_000, LIMIT)).toBeGreaterThan(before);
  expect(it.expect(1_000_000, LIMIT)).toBe(LIMIT);
});

test("many at once all come through, failures among them", async () => {
  const it = inflation();
  const bodies = Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? Buffer.from("no") : gzipSync(`body ${i}`)));
  const results = await Promise.allSettled(bodies.map((body) => it.inflate("gzip", body, LIMIT)));
  expect(results.map(({ status }) => status)).toEqual(bodies.map((_, i) => (i % 5 === 0 ? "rejected" : "fulfilled")));
});

test.each([
  ["a bomb", "gzip", gzipSync(Buffer.alloc(LIMIT + 1)), "too_large"],
  ["a truncated body", "gzip", gzipSync("x".repeat(100)).subarray(0, -9), "invalid"],
  ["bytes that are none", "zlib", Buffer.from("hello"), "invalid"],
  ["an unknown encoding", "br", Buffer.from("hello"), "unsupported"],
])("%s is %s", async (_, encoding, body, code) => {
  await expect(inflation().inflate(encoding, body, LIMIT)).rejects.toMatchObject({ code });
});
