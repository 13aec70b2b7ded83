/** Requests with something of everything, for tests of what `debug` shows. */
import { type DecodedMetric, encodeRequest } from "@rondo/otlp/codec";

const START = 1_581_452_772_000_000_321n;
const END = 1_581_452_773_000_000_789n;
const TRACE = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const SPAN = Uint8Array.from({ length: 8 }, (_, index) => index + 0x11);

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const resource = { attributes: [text("service.name", "fl-server")], entityRefs: [] };
const scope = { name: "flower", version: "1.2", attributes: [text("scope-key", "v")] };
const times = { startTimeUnixNano: START, timeUnixNano: END };

/** Two spans: one with everything, one with nothing. */
export const TRACES = encodeRequest("traces", {
  resourceSpans: [
    {
      resource,
      schemaUrl: "https://schema",
      scopeSpans: [
        {
          scope,
          spans: [
            {
              traceId: TRACE,
              spanId: SPAN,
              parentSpanId: SPAN,
              traceState: "ot=th:0",
              name: "fit round",
              kind: 2,
              startTimeUnixNano: START,
              endTimeUnixNano: END,
              attributes: [
                text("client", "c-1"),
                { key: "round", value: { intValue: 3n } },
                { key: "loss", value: { doubleValue: 0.5 } },
                { key: "done", value: { boolValue: true } },
                { key: "raw", value: { bytesValue: Uint8Array.of(1, 2, 3) } },
                { key: "none", value: {} },
                {
                  key: "nested",
                  value: {
                    kvlistValue: {
                      values: [
                        text("b", "x"),
                        {
                          key: "a",
                          value: { arrayValue: { values: [{ intValue: 1n }, { doubleValue: Number.NaN }] } },
                        },
                      ],
                    },
                  },
                },
              ],
              droppedAttributesCount: 1,
              events: [{ name: "sent", timeUnixNano: END, attributes: [text("size", "9")], droppedAttributesCount: 2 }],
              droppedEventsCount: 1,
              links: [{ traceId: TRACE, spanId: SPAN, attributes: [text("why", "retry")] }],
              droppedLinksCount: 3,
              status: { code: 2, message: "cancelled" },
            },
            { attributes: [], events: [], links: [] },
          ],
        },
      ],
    },
  ],
});

/** One record with everything and a body with a terminal's control characters, and one with nothing. */
export const LOGS = encodeRequest("logs", {
  resourceLogs: [
    {
      resource,
      scopeLogs: [
        {
          logRecords: [
            {
              timeUnixNano: END,
              severityNumber: 10,
              severityText: "INFO",
              eventName: "round.end",
              body: { stringValue: "first\nsecond \u001b[31m" },
              attributes: [text("key1", "value1")],
              traceId: TRACE,
              spanId: SPAN,
              flags: 1,
            },
            { attributes: [] },
          ],
        },
      ],
    },
  ],
});

const exemplar = {
  filteredAttributes: [text("e", "x")],
  timeUnixNano: END,
  asDouble: 15,
  traceId: TRACE,
  spanId: SPAN,
};
const attributes = [text("site", "berlin")];
const point = { ...times, attributes };

const metric = (name: string, data: Partial<DecodedMetric>): DecodedMetric => ({
  name,
  unit: "1",
  metadata: [],
  ...data,
});

/** One metric of each type. */
export const METRICS = encodeRequest("metrics", {
  resourceMetrics: [
    {
      resource,
      scopeMetrics: [
        {
          scope,
          metrics: [
            metric("gauge", { gauge: { dataPoints: [{ ...point, asInt: 123n, exemplars: [] }] } }),
            metric("sum", {
              sum: {
                isMonotonic: true,
                aggregationTemporality: 2,
                dataPoints: [{ ...point, asDouble: 4.56, exemplars: [] }],
              },
            }),
            metric("histogram", {
              histogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    ...point,
                    count: 3n,
                    sum: 15,
                    min: 1,
                    max: 9,
                    explicitBounds: [0.5, 2],
                    bucketCounts: [0n, 2n, 1n],
                    exemplars: [exemplar],
                  },
                ],
              },
            }),
            metric("exponential", {
              exponentialHistogram: {
                aggregationTemporality: 1,
                dataPoints: [
                  {
                    ...point,
                    count: 5n,
                    sum: 0.15,
                    scale: 1,
                    zeroCount: 1n,
                    positive: { offset: 1, bucketCounts: [1n, 1n] },
                    negative: { offset: -1, bucketCounts: [1n, 1n] },
                    exemplars: [],
                  },
                ],
              },
            }),
            metric("summary", {
              summary: {
                dataPoints: [{ ...point, count: 1n, sum: 15, quantileValues: [{ quantile: 0.01, value: 15 }] }],
              },
            }),
            metric("nothing", {}),
          ],
        },
      ],
    },
  ],
});
