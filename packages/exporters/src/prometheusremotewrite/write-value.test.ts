import { Writer } from "@rondo/otlp";
import { STALE_NAN } from "@rondo/promql";
import { expect, test } from "vitest";
import { METRIC_TYPES, writeTime, writeValue } from "./write-value.ts";

const hex = (write: (out: Writer) => void) => {
  const out = new Writer();
  write(out);
  return Buffer.from(out.finish()).toString("hex");
};

test("values and times are fields of their own", () => {
  expect(hex((out) => writeValue(out, 1, 1.5))).toBe("09000000000000f83f");
  expect(hex((out) => writeValue(out, 1, STALE_NAN))).toBe("09020000000000f07f");
  expect(hex((out) => writeTime(out, 2, 300))).toBe("10ac02");
});

test("every kind has a number of its own", () => {
  expect(new Set(Object.values(METRIC_TYPES)).size).toBe(Object.keys(METRIC_TYPES).length);
});
