/** The valid requests that a fuzzer starts from: recorded ones, and made ones with every kind of value and metric in them. */
import { readRecording } from "@rondo/cli";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { requestFromJson, requestToJson } from "@rondo/otlp/json";
import { buildRequest } from "../chaos/load.ts";

/** How a request is written. */
export type Encoding = "protobuf" | "json";

/** Valid requests of one encoding, by signal. */
export type Seeds = Readonly<Record<Signal, readonly Uint8Array[]>>;

const RECORDING = new URL("../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname;

/** Small seeds make many requests a second, and what breaks a parser seldom takes more. */
const LARGEST = 4 << 10;
/** Recorded requests of each signal that are taken. */
const RECORDED = 12;

const VALUES = [
  { stringValue: "Ünïcode € \u0000" },
  { boolValue: true },
  { intValue: "-9007199254740993" },
  { doubleValue: "NaN" },
  { bytesValue: "AAEC/w==" },
  { arrayValue: { values: [{ intValue: "1" }, { arrayValue: { values: [{}] } }] } },
  { kvlistValue: { values: [{ key: "a", value: { kvlistValue: { values: [{ key: "b", value: {} }] } } }] } },
];
const attributes = VALUES.map((value, index) => ({ key: `k${index}`, value }));
const resource = { attributes, droppedAttributesCount: 1, entityRefs: [{ type: "service", idKeys: ["k0"] }] };
const scope = { name: "scope", version: "1", attributes, droppedAttributesCount: 2 };
const [traceId, spanId] = ["0102030405060708090a0b0c0d0e0f10", "0102030405060708"];
const [timeUnixNano, startTimeUnixNano] = ["1790000000000000001", "1790000000000000000"];
const times = { timeUnixNano, startTimeUnixNano, attributes };
const exemplars = [{ filteredAttributes: attributes, timeUnixNano, asInt: "-3", spanId, traceId }];
const schemaUrl = "https://opentelemetry.io/schemas/1.21.0";

const metrics = [
  { name: "g", gauge: { dataPoints: [{ ...times, asDouble: 1.5, exemplars, flags: 1 }] } },
  { name: "s", sum: { dataPoints: [{ ...times, asInt: "7" }], aggregationTemporality: 2, isMonotonic: true } },
  {
    name: "h",
    histogram: {
      aggregationTemporality: 1,
      dataPoints: [
        {
          ...times,
          count: "3",
          sum: 6,
          bucketCounts: ["1", "1", "1"],
          explicitBounds: [1, 2],
          min: 0,
          max: 3,
          exemplars,
        },
      ],
    },
  },
  {
    name: "e",
    exponentialHistogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...{ ...times, count: "9", sum: 6, scale: -2, zeroCount: "1", zeroThreshold: 0.5 },
          ...{
            positive: { offset: -3, bucketCounts: ["1", "300", "2"] },
            negative: { offset: 4, bucketCounts: ["4"] },
          },
        },
      ],
    },
  },
  {
    name: "q",
    summary: { dataPoints: [{ ...times, count: "2", sum: 1, quantileValues: [{ quantile: 0.5, value: 1 }] }] },
  },
];

const span = {
  ...{ traceId, spanId, parentSpanId: spanId, traceState: "a=b", flags: 257, name: "work", kind: 3, attributes },
  ...{ startTimeUnixNano, endTimeUnixNano: timeUnixNano, status: { code: 2, message: "no" } },
  events: [{ timeUnixNano, name: "event", attributes, droppedAttributesCount: 1 }],
  links: [{ traceId, spanId, traceState: "c=d", attributes, flags: 1 }],
};

const record = {
  ...{
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    severityNumber: 17,
    severityText: "ERROR",
    eventName: "event",
  },
  ...{ body: VALUES[6], attributes, traceId, spanId, flags: 1 },
};

/** Requests with every field that OTLP has. */
const FULL: Readonly<Record<Signal, object>> = {
  traces: { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span, span], schemaUrl }], schemaUrl }] },
  metrics: { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics, schemaUrl }], schemaUrl }] },
  logs: { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record], schemaUrl }], schemaUrl }] },
};

/** Reads and makes the seeds of an encoding. */
export async function seedsOf(encoding: Encoding): Promise<Seeds> {
  const recording = await readRecording(RECORDING);
  const of = (signal: Signal): readonly Uint8Array[] => {
    const small = recording.filter((one) => one.signal === signal && one.body.length <= LARGEST);
    const step = Math.max(1, Math.floor(small.length / RECORDED));
    const recorded = small.filter((_, index) => index % step === 0).map(({ body }) => body);
    const full = requestFromJson(signal, Buffer.from(JSON.stringify(FULL[signal])));
    const made = [full, buildRequest(signal, 1, 0, 5, 1), buildRequest(signal, 1, 5, 1, 2), new Uint8Array(0)];
    const all = [...made, ...recorded];
    return encoding === "protobuf" ? all : all.map((body) => Buffer.from(requestToJson(signal, body)));
  };
  // Every signal, by construction.
  return Object.fromEntries(SIGNALS.map((signal) => [signal, of(signal)])) as Record<Signal, readonly Uint8Array[]>;
}
