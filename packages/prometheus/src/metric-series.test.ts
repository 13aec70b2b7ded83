import { expect, test } from "vitest";
import { gauge, metricsRequest, translated } from "./translated.cases.ts";
import { createTranslator } from "./translator.ts";

test("a point's series are made once for the bytes of its attributes", () => {
  const translator = createTranslator({ targetInfo: false });
  const body = metricsRequest({ metrics: [gauge("x", 1, { a: "1" }), gauge("x", 1, { a: "2" })] });
  const first = translated(body, translator).series;
  const second = translated(body, translator).series;
  expect(first.length).toBe(2);
  expect(second[0]).toBe(first[0]);
  expect(second[1]).toBe(first[1]);
  expect(first[0]).not.toBe(first[1]);
});

test("an attribute cannot take the name or the bucket of a series away from it", () => {
  const point = { timeUnixNano: "1000000000", count: "1", bucketCounts: ["1"] };
  const attributes = ["__name__", "le"].map((key) => ({ key, value: { stringValue: "mine" } }));
  const histogram = { aggregationTemporality: 2, dataPoints: [{ ...point, attributes }] };
  expect(translated(metricsRequest({ metrics: [{ name: "h", histogram }] })).lines).toEqual([
    'h_bucket{le="+Inf"} 1 @1000',
    'h_count{le="mine"} 1 @1000',
  ]);
});
