import { gzipSync, zstdCompressSync } from "node:zlib";
import { Fault, free, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { WRITERS } from "./codecs/compressed.cases.ts";
import { INFLATABLE, inflation } from "./inflate.ts";
import type { Refused } from "./intake.ts";

const LIMIT = 1 << 20;

const overloaded = (bytes: number): Refused => ({
  kind: "refused",
  fault: new Fault("unavailable", `no ${bytes} B are free`),
});
/** Bounds under which so many bytes may be in use, and what was asked for. */
function bounds(limit = LIMIT, credits = Number.POSITIVE_INFINITY) {
  const asked: number[] = [];
  const permit = { resize: (bytes: number) => asked.push(bytes) > 0 && bytes <= credits };
  return { limit, permit, intake: { overloaded }, tenant: "default", asked };
}

test("the guess follows what was measured, and never exceeds the limit", async () => {
  const it = inflation(systemClock);
  const before = it.expect(1_000, LIMIT);
  const body = gzipSync(Buffer.alloc(100_000));
  for (let i = 0; i < 20; i++) await it.inflate("gzip", body, bounds());
  expect(it.expect(1_000, LIMIT)).toBeGreaterThan(before);
  expect(it.expect(1_000_000, LIMIT)).toBe(LIMIT);
});

test("bombs of one client do not make the bodies of others look like bombs, and tiny bodies say little", async () => {
  const it = inflation(systemClock);
  const bomb = gzipSync(Buffer.alloc(LIMIT));
  for (let i = 0; i < 20; i++) await it.inflate("gzip", bomb, bounds());
  expect(it.expect(1_000, LIMIT)).toBeLessThan(6_200);
  // 60 kB that do not shrink, and a megabyte of nothing.
  const noise = Buffer.from(Array.from({ length: 60_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> (i % 17)));
  const large = zstdCompressSync(Buffer.concat([noise, Buffer.alloc(900_000)]));
  for (let i = 0; i < 80; i++) await it.inflate("zstd", large, bounds());
  expect(it.expect(1_000, LIMIT)).toBeGreaterThan(9_000);
  expect(it.expect(1_000, LIMIT)).toBeLessThanOrEqual(10_000);
});

test("no guess exceeds the account, since bytes that never fit are refused for good", () => {
  expect(inflation(systemClock, 100_000).expect(50_000, LIMIT)).toBe(100_000);
});

test("many at once all come through, failures among them", async () => {
  const it = inflation(systemClock);
  const bodies = Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? Buffer.from("no") : gzipSync(`body ${i}`)));
  const results = await Promise.allSettled(bodies.map((body) => it.inflate("gzip", body, bounds())));
  expect(results.map(({ status }) => status)).toEqual(bodies.map((_, i) => (i % 5 === 0 ? "rejected" : "fulfilled")));
});

test.each([
  ["a bomb", "gzip", gzipSync(Buffer.alloc(LIMIT + 1)), "too_large"],
  ["a bomb of zstd", "zstd", zstdCompressSync(Buffer.alloc(LIMIT + 1)), "too_large"],
  ["a truncated body", "gzip", gzipSync("x".repeat(100)).subarray(0, -9), "invalid"],
  ["bytes that are none", "zlib", Buffer.from("hello"), "invalid"],
  ["an unknown encoding", "br", Buffer.from("hello"), "unsupported"],
])("%s is %s", async (_, encoding, body, code) => {
  await expect(inflation(systemClock).inflate(encoding, body, bounds())).rejects.toMatchObject({ code });
});

test("a small body waits for none, and a tenant's large one for one body of each other", async () => {
  const it = inflation(systemClock);
  const ended: string[] = [];
  const inflate = async (tenant: string, body: Buffer) => {
    await it.inflate("gzip", body, { ...bounds(16 << 20), tenant });
    ended.push(tenant);
  };
  const large = gzipSync(Buffer.alloc(8 << 20));
  const noisy = Array.from({ length: 20 }, () => inflate("noisy", large));
  await Promise.all([inflate("quiet", large), inflate("small", gzipSync("round 7")), ...noisy]);
  expect(ended[0]).toBe("small");
  expect(ended.indexOf("quiet")).toBeLessThan(11);
});

test("what a body needs beyond the guess is taken from the account first, and its want ends the inflation", async () => {
  const body = gzipSync(Buffer.alloc(LIMIT));
  const granted = bounds();
  expect(await inflation(systemClock).inflate("gzip", body, granted)).toHaveLength(LIMIT);
  // In pieces first, and then in one beside them.
  expect(granted.asked.at(-1)).toBe(body.length + 2 * LIMIT);
  const tight = bounds(LIMIT, 1.5 * LIMIT);
  await expect(inflation(systemClock).inflate("gzip", body, tight)).rejects.toMatchObject({ code: "unavailable" });
  const denied = bounds(LIMIT, LIMIT / 2);
  const refusal = inflation(systemClock).inflate("gzip", body, denied);
  await expect(refusal).rejects.toMatchObject({ code: "unavailable", message: expect.stringMatching(/^no \d+ B/) });
  expect(denied.asked.at(-1)).toBeLessThan(LIMIT);
});

test.each(WRITERS)("what $encoding becomes can be freed", async ({ encoding, compress }) => {
  for (const length of [10, 5_000, 60_000, 900_000]) {
    const text = Buffer.alloc(length, "round 7;");
    const inflated = await inflation(systemClock).inflate(encoding, compress(text), bounds());
    expect(text.equals(inflated)).toBe(true);
    free(inflated);
    expect(inflated.buffer.byteLength).toBe(0);
  }
});

test.each(INFLATABLE)("an empty body of %s is an empty request", async (encoding) => {
  expect(await inflation(systemClock).inflate(encoding, Buffer.alloc(0), bounds())).toHaveLength(0);
});
