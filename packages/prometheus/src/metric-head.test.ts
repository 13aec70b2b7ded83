import { Cursor } from "@rondo/otlp";
import { expect, test } from "vitest";
import { metricHead, temporalityOf } from "./metric-head.ts";
import { DEFAULT_STRATEGY } from "./strategy.ts";

const naming = { namespace: "", strategy: DEFAULT_STRATEGY };
/** Name `n`, description `d`, unit `s`. */
const metric = () => new Cursor(Buffer.from("0a016e1201641a0173", "hex"));

test.each([
  [5, 0, "gauge", "n_seconds", undefined],
  [7, 5, "counter", "n_seconds_total", undefined],
  [7, 4, "gauge", "n_seconds", undefined],
  [7, 3, "counter", "n_seconds_total", "delta_temporality"],
  [7, 0, "gauge", "n_seconds", "delta_temporality"],
  [9, 4, "histogram", "n_seconds", undefined],
  [9, 2, "histogram", "n_seconds", "delta_temporality"],
  [10, 4, "histogram", "n_seconds", "exponential_histogram"],
  [11, 0, "summary", "n_seconds", undefined],
] as const)("data %d with temporality %d is a %s called %s", (data, temporality, kind, name, refusal) => {
  const head = metricHead(metric(), data, temporality, naming);
  expect(head).toMatchObject({ name: "n", family: { name, kind, unit: "seconds", help: "d" } });
  expect(head.refusal).toBe(refusal);
});

test("temporality and monotony are read past the points", () => {
  expect(temporalityOf(new Cursor(Buffer.from("0a001002", "hex")))).toBe(4);
  expect(temporalityOf(new Cursor(Buffer.from("10010a001801", "hex")))).toBe(3);
  expect(temporalityOf(new Cursor(Buffer.of()))).toBe(0);
});
