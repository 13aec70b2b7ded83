/** Nanoseconds per span of each wire operation, beside decoding and encoding the same bytes. `node --conditions=source test/bench/wire.ts` */
import {
  anyValue,
  compileEdits,
  concatRequests,
  countItems,
  type Edit,
  editItems,
  editResources,
  partitionRequest,
  shiftTimes,
  splitRequest,
  timeRange,
  validateRequest,
} from "@rondo/otlp";
import { decodeRequest, encodeRequest, REQUEST_TYPES } from "@rondo/otlp/codec";
import { requestFromJson, requestToJson } from "@rondo/otlp/json";

const WARM_MS = 150;
const RUN_MS = 600;
const ROUNDS = 15;

/** A request as SDKs send it: ten resources of eight attributes, spans of eight to thirteen. */
function request(spans: number): Uint8Array {
  const attribute = (key: string, value: string | number) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: value },
  });
  const keys = [
    "method",
    "route",
    "status_code",
    "scheme",
    "target",
    "flavor",
    "host",
    "peer",
    "size",
    "retry",
    "tls",
    "cache",
    "user",
  ];
  const span = (i: number) => ({
    traceId: Buffer.from(i.toString(16).padStart(32, "7"), "hex").toString("hex"),
    spanId: (i + 1).toString(16).padStart(16, "3"),
    name: `fl.round.step-${i % 7}`,
    kind: 2,
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000000123456789",
    attributes: keys
      .slice(0, 8 + (i % 6))
      .map((key, k) => attribute(`http.${key}`, k % 3 === 2 ? i * 97 : `value-${key}-${i % 50}`)),
  });
  const resources = 10;
  const resource = (r: number) => ({
    resource: {
      attributes: [
        "service.name",
        "service.namespace",
        "service.instance.id",
        "host.name",
        "os.type",
        "process.pid",
        "telemetry.sdk.name",
        "telemetry.sdk.language",
      ].map((key) => attribute(key, `${key}-${r % 3}`)),
    },
    scopeSpans: [
      {
        scope: { name: "fl.client", version: "1.0" },
        spans: Array.from({ length: spans / resources }, (_, i) => span(r * 1000 + i)),
      },
    ],
  });
  const json = { resourceSpans: Array.from({ length: resources }, (_, r) => resource(r)) };
  return requestFromJson("traces", Buffer.from(JSON.stringify(json)));
}

/** The least of several rounds, in nanoseconds of CPU per call, collector threads included: other processes do not count. */
function time(run: () => unknown): number {
  const loop = (ms: number) => {
    const start = process.cpuUsage();
    const until = performance.now() + ms;
    let calls = 0;
    while (performance.now() < until) {
      for (let i = 0; i < 4; i++) run();
      calls += 4;
    }
    const { user, system } = process.cpuUsage(start);
    return ((user + system) * 1000) / calls;
  };
  loop(WARM_MS);
  return Math.min(...Array.from({ length: ROUNDS }, () => loop(RUN_MS / ROUNDS)));
}

const edit = (...edits: Edit[]) => compileEdits(edits);
const insert = edit({ action: "insert", key: "deployment.environment", value: anyValue("production") });
const present = edit({ action: "insert", key: "http.method", value: anyValue("x") });
const several = edit(
  { action: "insert", key: "deployment.environment", value: anyValue("production") },
  { action: "delete", key: "http.target" },
  { action: "upsert", key: "http.host", value: anyValue("hidden") },
);
const hash = edit({ action: "hash", key: "http.route" });

for (const spans of [100, 1000]) {
  const body = request(spans);
  const json = requestToJson("traces", body);
  const decoded = decodeRequest("traces", body);
  const halves = [body, body];
  const type = REQUEST_TYPES.traces;
  const operations: Readonly<Record<string, () => unknown>> = {
    countItems: () => countItems("traces", body),
    validateRequest: () => validateRequest("traces", body),
    "partitionRequest, 12 partitions": () => partitionRequest("traces", body, 12, "default"),
    "concatRequests of two, per span": () => concatRequests(halves),
    "splitRequest into halves": () => splitRequest("traces", body, { maxItems: spans / 2, maxBytes: 0 }),
    "splitRequest into pieces of 10": () => splitRequest("traces", body, { maxItems: 10, maxBytes: 0 }),
    "editResources, insert": () => editResources("traces", body, insert),
    "editItems, insert": () => editItems("traces", body, insert),
    "editItems, insert of what is there": () => editItems("traces", body, present),
    "editItems, insert + delete + upsert": () => editItems("traces", body, several),
    "editItems, hash": () => editItems("traces", body, hash),
    shiftTimes: () => shiftTimes("traces", body, (nanos) => nanos + 1n),
    timeRange: () => timeRange("traces", body),
    requestToJson: () => requestToJson("traces", body),
    requestFromJson: () => requestFromJson("traces", json),
    "protobufjs decode": () => type.decode(body),
    "protobufjs decode + encode": () => type.encode(type.decode(body)).finish(),
    "decodeRequest (typed objects)": () => decodeRequest("traces", body),
    "encodeRequest (typed objects)": () => encodeRequest("traces", decoded),
    "JSON.parse, for comparison": () => JSON.parse(json.toString()),
  };
  console.log(`\n${spans} spans, ${body.length} bytes in protobuf, ${json.length} in JSON: ns per span`);
  for (const [name, run] of Object.entries(operations))
    console.log(`${name.padEnd(38)}${(time(run) / spans).toFixed(1).padStart(10)}`);
}
