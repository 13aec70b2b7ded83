import { expect, test } from "vitest";
import { isStale, STALE_BITS, STALE_NAN } from "./stale-nan.ts";

function ofBits(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

test("the stale marker is known by its bits, also where a machine made it quiet", () => {
  expect(isStale(STALE_NAN)).toBe(true);
  expect(isStale(Float64Array.of(STALE_NAN)[0] ?? 0)).toBe(true);
  expect(isStale([STALE_NAN][0] ?? 0)).toBe(true);
  expect(isStale(ofBits(STALE_BITS))).toBe(true);
});

test.each([0, 2, Number.POSITIVE_INFINITY, Number.NaN, ofBits(0x7ff8000000000001n), ofBits(0x7ff8000000000000n)])(
  "%d is none",
  (value) => {
    expect(isStale(value)).toBe(false);
  },
);
