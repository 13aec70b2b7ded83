import { expect, test } from "vitest";
import { decodedItems, decodeRequest } from "./codec.ts";
import { concatRequests } from "./concat.ts";
import { recorded } from "./request.cases.ts";
import { SIGNALS, type Signal } from "./signal.ts";

const all = (signal: Signal) =>
  concatRequests(
    recorded()
      .filter((request) => request.signal === signal)
      .map(({ body }) => body),
  );

test("every item of the recorded run comes once", () => {
  const counts = SIGNALS.map((signal) => [...decodedItems(signal, decodeRequest(signal, all(signal)))].length);
  expect(counts).toEqual([271, 151, 63]);
});

test("items come with what is around them", () => {
  const points = [...decodedItems("metrics", decodeRequest("metrics", all("metrics")))];
  expect(points.every(({ resource, scope, metric }) => resource && scope && metric?.name)).toBe(true);
  const spans = [...decodedItems("traces", decodeRequest("traces", all("traces")))];
  expect(spans.every(({ metric, item }) => metric === undefined && item.spanId?.length === 8)).toBe(true);
});

test("all five kinds of points are items, in the order of their numbers in Metric", () => {
  const metric = {
    metadata: [],
    gauge: { dataPoints: [{ attributes: [], exemplars: [], asInt: 1n }] },
    summary: { dataPoints: [{ attributes: [], quantileValues: [], sum: 2 }] },
    histogram: { dataPoints: [{ attributes: [], exemplars: [], bucketCounts: [], explicitBounds: [], sum: 3 }] },
  };
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] };
  const [gauge, histogram, summary, ...none] = [...decodedItems("metrics", request)].map(({ item }) => item);
  expect([gauge, histogram, summary]).toMatchObject([{ asInt: 1n }, { sum: 3 }, { sum: 2 }]);
  expect(none).toEqual([]);
});
