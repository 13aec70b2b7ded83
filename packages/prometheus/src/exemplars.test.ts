import { expect, test } from "vitest";
import { attributes, metricsRequest, SECOND, translated } from "./translated.cases.ts";

const TRACE = "0123456789abcdef0123456789abcdef";

const exemplar = (asDouble: number, more: object = {}) => ({ timeUnixNano: "2000000000", asDouble, ...more });

function histogram(...exemplars: readonly object[]): Uint8Array {
  const point = { timeUnixNano: SECOND, count: "1", explicitBounds: [1, 2], bucketCounts: ["1", "0", "0"], exemplars };
  return metricsRequest({ metrics: [{ name: "h", histogram: { aggregationTemporality: 2, dataPoints: [point] } }] });
}

test("an exemplar goes to the first bucket that is not below it", () => {
  expect(translated(histogram(exemplar(1), exemplar(1.5), exemplar(9))).exemplars).toEqual([
    'h_bucket{le="1"} #  1 @2000',
    'h_bucket{le="2"} #  1.5 @2000',
    'h_bucket{le="+Inf"} #  9 @2000',
  ]);
});

test("it names its trace, and filtered attributes as long as all of it is short enough", () => {
  const ids = { traceId: TRACE, spanId: "0123456789abcdef" };
  const short = exemplar(1, { ...ids, filteredAttributes: attributes({ user: "u" }) });
  const long = exemplar(1, { ...ids, filteredAttributes: attributes({ user: "u".repeat(64) }) });
  const named = `span_id="0123456789abcdef",trace_id="${TRACE}"`;
  expect(translated(histogram(short, long)).exemplars).toEqual([
    `h_bucket{le="1"} # {${named},user="u"} 1 @2000`,
    `h_bucket{le="1"} # {${named}} 1 @2000`,
  ]);
});

test("counters have exemplars, gauges have none", () => {
  const point = { timeUnixNano: SECOND, asInt: "1", exemplars: [{ timeUnixNano: SECOND, asInt: "-4" }] };
  const body = metricsRequest({
    metrics: [
      { name: "c", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } },
      { name: "g", gauge: { dataPoints: [point] } },
    ],
  });
  expect(translated(body).exemplars).toEqual(["c_total #  -4 @1000"]);
});
