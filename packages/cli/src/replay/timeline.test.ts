import { SIGNALS } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical } from "../sink/canonical.ts";
import { readRecording } from "./recording.ts";
import { expectedIdentities, rangeOf, shifted, timeShift } from "./timeline.ts";

const recording = await readRecording(new URL("../../../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname);
const START = Date.UTC(2026, 5, 1);
const start = BigInt(START) * 1_000_000n;

test("the first time becomes the start, and every other keeps its distance over the speed", () => {
  const range = rangeOf(recording);
  if (range === undefined) throw new Error("no times");
  const { first, last } = range;
  for (const speed of [0.5, 1, 3, 20]) {
    const shift = timeShift(recording, speed, START);
    expect(shift(first)).toBe(start);
    expect(Number(shift(last) - start)).toBeCloseTo(Number(last - first) / speed, -1);
    expect(rangeOf(recording.map((one) => ({ ...one, body: Buffer.from(shifted(one, shift)) })))).toEqual({
      first: start,
      last: shift(last),
    });
  }
});

test("order stays order", () => {
  const first = rangeOf(recording)?.first ?? 0n;
  const shift = timeShift(recording, 7, START);
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 12n), fc.bigInt(0n, 10n ** 12n), (a, b) => {
      const [from, to] = a < b ? [a, b] : [b, a];
      expect(shift(first + from) <= shift(first + to)).toBe(true);
    }),
  );
});

test("as fast as possible keeps distances, since dividing by infinity would make all times one", () => {
  const first = rangeOf(recording)?.first ?? 0n;
  expect(timeShift(recording, 0, START)(first + 123_456_789n)).toBe(start + 123_456_789n);
});

test("nothing but times changes: ids, attributes, values and 64-bit client ids stay", () => {
  const shift = timeShift(recording, 1, START);
  const back = (ns: bigint) => ns - start + (rangeOf(recording)?.first ?? 0n);
  for (const one of recording) {
    const there = shifted(one, shift);
    const again = shifted({ ...one, body: Buffer.from(there) }, back);
    expect(canonical({ ...decodeRequest(one.signal, again) })).toBe(
      canonical({ ...decodeRequest(one.signal, one.body) }),
    );
  }
});

describe("expected identities", () => {
  for (const speed of [0, 1, 20, 1000]) {
    test(`at speed ${speed} are as many as the recording has items, no two alike`, () => {
      const expected = expectedIdentities(recording, timeShift(recording, speed, START));
      expect(SIGNALS.map((signal) => expected.count(signal).items)).toEqual([271, 151, 63]);
      expect(SIGNALS.map((signal) => expected.count(signal).ids)).toEqual([271, 151, 63]);
    });
  }
  test("of spans do not depend on time, those of the others do", () => {
    const kept = expectedIdentities(recording, undefined);
    const moved = expectedIdentities(recording, timeShift(recording, 1, START));
    const ids = (of: typeof kept, signal: "traces" | "logs") => of.held(signal).map(({ id }) => id);
    expect(ids(moved, "traces")).toEqual(ids(kept, "traces"));
    expect(ids(moved, "logs").some((id) => ids(kept, "logs").includes(id))).toBe(false);
  });
});

test("a body that is no request is named by its line", () => {
  const [first] = recording;
  if (first === undefined) throw new Error("empty");
  const broken = [{ ...first, line: 7, body: Buffer.from([0x0a, 0xff]) }];
  expect(() => rangeOf(broken)).toThrow(/^line 7 of the recording is not a traces request: /);
});

test("a speed below 0 is refused", () => {
  expect(() => timeShift(recording, -1, START)).toThrow("must be 0 or more");
});
