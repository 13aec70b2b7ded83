import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRequest } from "./codec.ts";
import { anyRequest, recorded } from "./request.cases.ts";
import type { Signal } from "./signal.ts";
import { shiftTimes, timeRange } from "./times.ts";

/** Every field of time in a decoded request, by the name that all of them end in. */
function times(value: unknown, map: (nanos: bigint) => bigint, found: bigint[]): unknown {
  if (Array.isArray(value)) return value.map((entry) => times(entry, map, found));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (typeof inner !== "bigint" || !/unixnano$/i.test(name)) return [name, times(inner, map, found)];
      if (inner !== 0n) found.push(inner);
      return [name, inner === 0n ? inner : BigInt.asUintN(64, map(inner))];
    }),
  );
}

function check(signal: Signal, body: Uint8Array): void {
  const before = Buffer.from(body);
  const found: bigint[] = [];
  const map = (nanos: bigint) => nanos / 2n + 12_345n;
  const expected = times(decodeRequest(signal, body), map, found);
  expect(decodeRequest(signal, shiftTimes(signal, body, map))).toEqual(expected);
  expect(before.equals(body)).toBe(true);
  const sorted = found.sort((a, b) => (a < b ? -1 : 1));
  // A time that stands twice in one message counts for the range, though readers see only its last value.
  const range = timeRange(signal, body);
  if (sorted.length > 0 && range) {
    expect(range.first <= (sorted[0] ?? 0n)).toBe(true);
    expect(range.last >= (sorted.at(-1) ?? 0n)).toBe(true);
  }
}

test("every time moves and nothing else does", () => {
  fc.assert(fc.property(anyRequest, ([signal, body]) => check(signal, body)));
  for (const { signal, body } of recorded()) check(signal, body);
});

test("the range of a recorded request is that of its times", () => {
  for (const { signal, body } of recorded()) {
    const found: bigint[] = [];
    times(decodeRequest(signal, body), (nanos) => nanos, found);
    found.sort((a, b) => (a < b ? -1 : 1));
    expect(timeRange(signal, body)).toEqual({ first: found[0], last: found.at(-1) });
  }
  expect(timeRange("logs", new Uint8Array(0))).toBeUndefined();
});
