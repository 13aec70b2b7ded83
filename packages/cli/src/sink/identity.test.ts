import type { Signal } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { describe, expect, test } from "vitest";
import { readRecording } from "../replay/recording.ts";
import { identities } from "./identity.ts";

const recording = await readRecording(new URL("../../../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname);

const encode = (signal: Signal, shape: object) => requestFromJson(signal, Buffer.from(JSON.stringify(shape)));
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const record = (over: object = {}) => ({
  timeUnixNano: 1,
  severityText: "INFO",
  body: { stringValue: "x" },
  attributes: [text("a", "1")],
  ...over,
});
const logs = (records: object[], resource: object[] = [text("service.name", "s")], scope: object = { name: "lib" }) =>
  encode("logs", {
    resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ scope, logRecords: records }] }],
  });
const only = (body: Uint8Array, ignore: string[] = []) => {
  const [first, ...rest] = identities("logs", body, { ignore });
  expect(rest).toEqual([]);
  if (first === undefined) throw new Error("no item");
  return first;
};

describe("the recording", () => {
  const all = recording.flatMap(({ signal, body }) => identities(signal, body).map((one) => ({ signal, ...one })));
  test("has an id for every item, and spans have their own", () => {
    const spans = all.filter(({ signal }) => signal === "traces");
    expect(spans).toHaveLength(271);
    expect(all.filter(({ signal }) => signal === "metrics")).toHaveLength(151);
    expect(all.filter(({ signal }) => signal === "logs")).toHaveLength(63);
    for (const { id } of spans) expect(id).toMatch(/^[0-9a-f]{32}:[0-9a-f]{16}$/);
  });
  test("has no two items with one id", () => {
    expect(new Set(all.map(({ signal, id }) => `${signal} ${id}`)).size).toBe(all.length);
  });
});

describe("what changes an id of a log record", () => {
  const before = only(logs([record()]));
  const changes: Record<string, Uint8Array> = {
    time: logs([record({ timeUnixNano: 2 })]),
    body: logs([record({ body: { stringValue: "y" } })]),
    "the type of the body": logs([record({ body: { bytesValue: Buffer.from("x").toString("base64") } })]),
    attribute: logs([record({ attributes: [text("a", "2")] })]),
    resource: logs([record()], [text("service.name", "t")]),
    scope: logs([record()], undefined, { name: "other" }),
  };
  for (const [what, body] of Object.entries(changes)) {
    test(what, () => {
      expect(only(body).id).not.toBe(before.id);
      expect(only(body).content).not.toBe(before.content);
    });
  }
});

test("an ignored attribute changes the content and not the id, on the item and on the resource", () => {
  const ignore = ["environment", "service.namespace"];
  const plain = only(logs([record()]), ignore);
  const enriched = only(
    logs(
      [record({ attributes: [text("environment", "production"), text("a", "1")] })],
      [text("service.name", "s"), text("service.namespace", "fl")],
    ),
    ignore,
  );
  expect(enriched.id).toBe(plain.id);
  expect(enriched.content).not.toBe(plain.content);
});

test("batching and splitting change nothing", () => {
  const records = [record(), record({ timeUnixNano: 2 }), record({ timeUnixNano: 3 })];
  const together = identities("logs", logs(records));
  const apart = records.flatMap((one) => identities("logs", logs([one])));
  expect(together).toEqual(apart);
  expect(identities("logs", Buffer.concat(records.map((one) => logs([one]))))).toEqual(apart);
});

test("64-bit values that a double cannot tell apart have different ids", () => {
  const at = (intValue: bigint) =>
    only(logs([record({ attributes: [{ key: "client", value: { intValue: String(intValue) } }] })])).id;
  expect(at(9007199254740993n)).not.toBe(at(9007199254740992n));
  expect(at(-9223372036854775808n)).not.toBe(at(-9223372036854775807n));
});

test("a data point's metric, kind and value belong to its id", () => {
  const point = (over: object = {}) => ({ timeUnixNano: 5, asDouble: 1, ...over });
  const of = (metric: object) =>
    identities("metrics", encode("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] }));
  const ids = [
    ...of({ name: "m", gauge: { dataPoints: [point(), point({ asDouble: 2 }), point({ timeUnixNano: 6 })] } }),
    ...of({ name: "n", gauge: { dataPoints: [point()] } }),
    ...of({ name: "m", sum: { dataPoints: [point()] } }),
    ...of({ name: "m", sum: { dataPoints: [point()], isMonotonic: true } }),
    ...of({ name: "m", gauge: { dataPoints: [{ timeUnixNano: 5, asInt: 1 }] } }),
  ];
  expect(new Set(ids.map(({ id }) => id)).size).toBe(ids.length);
  expect(ids.map(({ name }) => name)).toEqual(["m", "m", "m", "n", "m", "m", "m"]);
});

test("spans whose ids are no ids are told apart by what is in them", () => {
  const spans = [{ name: "a" }, { name: "b", traceId: "00".repeat(3), spanId: "00".repeat(8) }];
  const body = encode("traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const ids = identities("traces", body).map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
});

test("bytes that are no request are refused", () => {
  expect(() => identities("logs", Buffer.from([0x0a, 0xff, 0xff]))).toThrow();
});
