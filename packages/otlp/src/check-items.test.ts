import fc from "fast-check";
import { expect, test } from "vitest";
import { checkItems } from "./check-items.ts";
import { decodeRequest } from "./codec.ts";
import { FlawedItems } from "./flawed-items.ts";
import { requestFromJson } from "./from-json.ts";
import { anyRequest, recorded } from "./request.cases.ts";
import type { Signal } from "./signal.ts";
import { validateRequest } from "./validate.ts";
import { Writer } from "./writer.ts";

/** The deep flaws of a request that is sound in structure: kind, number of items, the first field. */
function flawsOf(signal: Signal, body: Uint8Array) {
  const flawed = new FlawedItems();
  validateRequest(signal, body);
  checkItems(signal, body, flawed);
  return [...flawed.kinds].map(([flaw, { items, path }]) => [flaw, items, path]);
}

/** A request of these metrics in OTLP/JSON. */
const metrics = (...list: object[]) =>
  requestFromJson("metrics", Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] })));

const METRIC = "resourceMetrics[0].scopeMetrics[0].metrics[0]";

test.each<[string, object, unknown]>([
  ["a gauge", { name: "g", gauge: { dataPoints: [{ asInt: 1 }, { asDouble: "NaN" }] } }, []],
  ["a point that says it has no value", { name: "g", gauge: { dataPoints: [{ flags: 1 }] } }, []],
  [
    "points without a value",
    { name: "g", gauge: { dataPoints: [{ asInt: 1 }, {}, { flags: 2 }] } },
    [["point_value", 2, `${METRIC}.gauge.dataPoints[1]`]],
  ],
  ["a metric without a name", { gauge: { dataPoints: [{ asInt: 1 }, { asInt: 2 }] } }, [["metric_name", 2, METRIC]]],
  ["cumulative and delta sums", { name: "s", sum: { aggregationTemporality: 1, dataPoints: [{ asInt: 1 }] } }, []],
  [
    "a sum of unspecified temporality",
    { name: "s", sum: { dataPoints: [{ asInt: 1 }] } },
    [["temporality", 1, `${METRIC}.sum`]],
  ],
  [
    "a histogram of a temporality that does not exist",
    { name: "h", histogram: { aggregationTemporality: 9, dataPoints: [{ count: 1 }] } },
    [["temporality", 1, `${METRIC}.histogram`]],
  ],
  [
    "an exponential histogram",
    { name: "e", exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ count: 0 }] } },
    [],
  ],
  ["a summary", { name: "q", summary: { dataPoints: [{ quantileValues: [{ quantile: 0 }, { quantile: 1 }] }] } }, []],
  [
    "quantiles that are none",
    {
      name: "q",
      summary: { dataPoints: [{ quantileValues: [{ quantile: 1.5 }] }, { quantileValues: [{ quantile: "NaN" }] }] },
    },
    [["quantile", 2, `${METRIC}.summary.dataPoints[0]`]],
  ],
])("%s", (_name, metric, flaws) => {
  expect(flawsOf("metrics", metrics(metric))).toEqual(flaws);
});

test.each<[string, object, boolean]>([
  ["count and sum alone", { count: 3, sum: 5 }, true],
  ["one bucket more than bounds", { bucketCounts: [1, 2, 3], explicitBounds: [0, 1] }, true],
  ["one bucket for everything", { bucketCounts: [1] }, true],
  ["bounds from −∞ to ∞", { bucketCounts: [1, 2, 3], explicitBounds: ["-Infinity", "Infinity"] }, true],
  ["buckets that do not sum up to the count", { count: 9, bucketCounts: [1, 2], explicitBounds: [0] }, true],
  ["as many buckets as bounds", { bucketCounts: [1, 2], explicitBounds: [0, 1] }, false],
  ["bounds without buckets", { explicitBounds: [0, 1] }, false],
  ["bounds that repeat", { bucketCounts: [1, 2, 3], explicitBounds: [1, 1] }, false],
  ["bounds that fall", { bucketCounts: [1, 2, 3], explicitBounds: [2, 1] }, false],
  ["a bound that is no number", { bucketCounts: [1, 2], explicitBounds: ["NaN"] }, false],
])("a histogram of %s", (_name, point, sound) => {
  const body = metrics({ name: "h", histogram: { aggregationTemporality: 2, dataPoints: [point] } });
  expect(flawsOf("metrics", body)).toEqual(sound ? [] : [["buckets", 1, `${METRIC}.histogram.dataPoints[0]`]]);
});

test("bounds and buckets may come unpacked", () => {
  const point = (bounds: readonly number[]) => {
    const out = new Writer();
    for (const count of [1n, 2n, 3n]) out.tag(6, 1).fixed64(count);
    for (const bound of bounds) out.tag(7, 1).double(bound);
    return out.finish();
  };
  const body = (bounds: readonly number[]) => {
    const data = new Writer().bytes(1, point(bounds)).tag(2, 0).varint(2).finish();
    const metric = new Writer().text(1, "h").bytes(9, data).finish();
    return new Writer().bytes(1, new Writer().bytes(2, new Writer().bytes(2, metric).finish()).finish()).finish();
  };
  expect(flawsOf("metrics", body([0, 1]))).toEqual([]);
  expect(flawsOf("metrics", body([1, 0]))).toHaveLength(1);
});

test("text that is not UTF-8 spoils the items that it belongs to, and no others", () => {
  const bad = Buffer.from([0x66, 0xff]);
  const logs = (resource: Uint8Array, ...bodies: Uint8Array[]) => {
    const scope = new Writer();
    for (const body of bodies) scope.bytes(2, new Writer().bytes(5, new Writer().bytes(1, body).finish()).finish());
    const attribute = new Writer().text(1, "k").bytes(2, new Writer().bytes(1, resource).finish()).finish();
    const head = new Writer().bytes(1, attribute).finish();
    return new Writer().bytes(1, new Writer().bytes(1, head).bytes(2, scope.finish()).finish()).finish();
  };
  const good = Buffer.from("gut é");
  expect(flawsOf("logs", logs(good, good, good))).toEqual([]);
  expect(flawsOf("logs", logs(good, good, bad, bad))).toEqual([
    ["text_utf8", 2, "resourceLogs[0].scopeLogs[0].logRecords[1].body.stringValue"],
  ]);
  expect(flawsOf("logs", logs(bad, good, good))).toEqual([
    ["text_utf8", 2, "resourceLogs[0].resource.attributes[0].value.stringValue"],
  ]);
});

test("what SDKs send is sound", () => {
  for (const { signal, body } of recorded()) expect(flawsOf(signal, body)).toEqual([]);
});

test("a point is refused exactly when the decoded one has no value", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      const flawed = new FlawedItems();
      checkItems(signal, body, flawed);
      if (signal !== "metrics") return;
      const decoded = decodeRequest("metrics", body);
      let index = 0;
      for (const { scopeMetrics = [] } of decoded.resourceMetrics ?? []) {
        for (const { metrics: list = [] } of scopeMetrics) {
          for (const metric of list) {
            for (const point of (metric.gauge ?? metric.sum)?.dataPoints ?? []) {
              const missing = point.asInt === undefined && point.asDouble === undefined;
              if (missing && ((point.flags ?? 0) & 1) === 0) expect(flawed.has(index)).toBe(true);
              index++;
            }
            const others = metric.histogram ?? metric.exponentialHistogram ?? metric.summary;
            index += others?.dataPoints?.length ?? 0;
          }
        }
      }
    }),
  );
});
