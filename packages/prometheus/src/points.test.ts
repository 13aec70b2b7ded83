import { expect, test } from "vitest";
import { attributes, metricsRequest, SECOND, translated } from "./translated.cases.ts";
import { createTranslator } from "./translator.ts";

const CUMULATIVE = 2;
const STALE = 1;

function histogram(point: object): Uint8Array {
  const dataPoints = [{ timeUnixNano: SECOND, ...point }];
  return metricsRequest({ metrics: [{ name: "h", histogram: { aggregationTemporality: CUMULATIVE, dataPoints } }] });
}

function summary(point: object): Uint8Array {
  return metricsRequest({ metrics: [{ name: "s", summary: { dataPoints: [{ timeUnixNano: SECOND, ...point }] } }] });
}

const THREE = { count: "6", sum: 1.5, explicitBounds: [0.1, 1], bucketCounts: ["1", "2", "3"] };

test("integers, doubles and times are exact to what Prometheus can hold", () => {
  const point = (more: object) => ({ timeUnixNano: "1795447887999999999", ...more });
  const dataPoints = [
    point({ asInt: "-9007199254740993" }),
    point({ asInt: "9007199254740993" }),
    point({ asDouble: 0.1 }),
    { timeUnixNano: "1795447888000000000", asDouble: 1 },
  ];
  const body = metricsRequest({ metrics: [{ name: "x", gauge: { dataPoints } }] });
  expect(translated(body).lines).toEqual([
    "x -9007199254740992 @1795447887999",
    "x 9007199254740992 @1795447887999",
    "x 0.1 @1795447887999",
    "x 1 @1795447888000",
  ]);
});

test("buckets are cumulative, and the last one is the count", () => {
  expect(translated(histogram(THREE)).lines).toEqual([
    'h_bucket{le="0.1"} 1 @1000',
    'h_bucket{le="1"} 3 @1000',
    'h_bucket{le="+Inf"} 6 @1000',
    "h_sum 1.5 @1000",
    "h_count 6 @1000",
  ]);
});

test("a sum that is not there is no series, and no buckets are the infinite one", () => {
  expect(translated(histogram({ count: "2" })).lines).toEqual(['h_bucket{le="+Inf"} 2 @1000', "h_count 2 @1000"]);
});

test("bounds may change; buckets that do not fit their bounds are refused", () => {
  const translator = createTranslator();
  translated(histogram(THREE), translator);
  const other = translated(histogram({ count: "1", explicitBounds: [5], bucketCounts: ["1", "0"] }), translator);
  expect(other.lines[0]).toBe('h_bucket{le="5"} 1 @1000');
  const odd = translated(histogram({ ...THREE, bucketCounts: ["1"] }));
  expect([odd.lines, odd.translation.refusals]).toEqual([[], [{ reason: "invalid_point", points: 1, metric: "h" }]]);
});

test("no recorded value ends every series of the point, also buckets that it does not name", () => {
  const number = { timeUnixNano: SECOND, flags: STALE, attributes: attributes({ a: "b" }) };
  expect(translated(metricsRequest({ metrics: [{ name: "x", gauge: { dataPoints: [number] } }] })).lines).toEqual([
    'x{a="b"} stale @1000',
  ]);
  const translator = createTranslator();
  translated(histogram(THREE), translator);
  translated(summary({ count: "1", quantileValues: [{ quantile: 0.5, value: 2 }] }), translator);
  expect(translated(histogram({ flags: STALE }), translator).lines).toEqual([
    'h_bucket{le="0.1"} stale @1000',
    'h_bucket{le="1"} stale @1000',
    'h_bucket{le="+Inf"} stale @1000',
    "h_sum stale @1000",
    "h_count stale @1000",
  ]);
  expect(translated(summary({ flags: STALE }), translator).lines).toEqual([
    's{quantile="0.5"} stale @1000',
    "s_sum stale @1000",
    "s_count stale @1000",
  ]);
});

test("a summary has a series for each quantile", () => {
  const quantileValues = [
    { quantile: 0, value: 1 },
    { quantile: 0.99, value: 7.5 },
  ];
  expect(translated(summary({ count: "3", sum: 9, quantileValues })).lines).toEqual([
    's{quantile="0"} 1 @1000',
    's{quantile="0.99"} 7.5 @1000',
    "s_sum 9 @1000",
    "s_count 3 @1000",
  ]);
});
