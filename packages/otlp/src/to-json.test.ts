import fc from "fast-check";
import { expect, test } from "vitest";
import { VALUE_DEPTH } from "./any-value.ts";
import { decodeRequest } from "./codec.ts";
import { requestToJson } from "./json.ts";
import { anyRequest, recorded } from "./request.cases.ts";
import type { Signal } from "./signal.ts";
import { Writer } from "./writer.ts";

/** What OTLP/JSON says of a decoded request, by another way. Lists that are empty are left out. */
function oracle(signal: Signal, body: Uint8Array): unknown {
  const plain = (key: string, value: unknown): unknown => {
    if (typeof value === "bigint") return value.toString();
    if (value instanceof Uint8Array)
      return Buffer.from(value).toString(/^(?:trace|span|parentSpan)Id$/.test(key) ? "hex" : "base64");
    if (typeof value === "number" && !Number.isFinite(value)) return `${value}`;
    if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((entry) => plain(key, entry));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(name, inner)]));
  };
  return plain("", decodeRequest(signal, body));
}

function withoutEmptyLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmptyLists);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutEmptyLists(inner)]));
}

test("writes what the codec finds", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      expect(withoutEmptyLists(JSON.parse(requestToJson(signal, body).toString()))).toEqual(oracle(signal, body));
    }),
  );
  for (const { signal, body } of recorded()) {
    expect(withoutEmptyLists(JSON.parse(requestToJson(signal, body).toString()))).toEqual(oracle(signal, body));
  }
});

test("numbers that JSON lacks are strings, and integers keep every digit", () => {
  const point = (value: number) =>
    new Writer()
      .bytes(
        1,
        new Writer()
          .tag(4, 1)
          .double(value)
          .tag(3, 1)
          .fixed64(2n ** 64n - 1n)
          .finish(),
      )
      .finish();
  const values = [Number.NaN, Infinity, -Infinity, -0, 1e300];
  const gauge = Buffer.concat(values.map(point));
  const metric = new Writer().bytes(2, new Writer().bytes(5, gauge).finish()).finish();
  const json = requestToJson("metrics", new Writer().bytes(1, new Writer().bytes(2, metric).finish()).finish());
  const points = JSON.parse(json.toString()).resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints;
  expect(points.map((point: { asDouble: unknown }) => point.asDouble)).toEqual([
    "NaN",
    "Infinity",
    "-Infinity",
    -0,
    1e300,
  ]);
  expect(points[0].timeUnixNano).toBe("18446744073709551615");
});

/** A log request whose one record has this body. */
const logOf = (value: Uint8Array) => {
  let bytes = new Writer().bytes(5, value).finish();
  for (const field of [2, 2, 1]) bytes = new Writer().bytes(field, bytes).finish();
  return bytes;
};
const bodyOf = (value: Uint8Array) =>
  JSON.parse(requestToJson("logs", logOf(value)).toString()).resourceLogs[0].scopeLogs[0].logRecords[0].body;

test("fields that stand in several places are one, at whatever depth", () => {
  let value = new Writer().tag(3, 0).varint(5).finish();
  let expected: unknown = { intValue: "5" };
  for (let depth = 0; depth < VALUE_DEPTH; depth++) {
    // The list in two fragments, before it a member that it replaces.
    const list = new Writer().bytes(1, value).finish();
    value = new Writer().text(1, "x").bytes(5, list).bytes(5, new Uint8Array(0)).finish();
    expected = { arrayValue: { values: [expected] } };
  }
  expect(bodyOf(value)).toEqual(expected);
  const deeper = new Writer().bytes(5, new Writer().bytes(1, value).finish()).finish();
  expect(() => bodyOf(deeper)).toThrow(/^resourceLogs\[0\].*values nested deeper than 32/);
});

test("what a default replaces is gone, and text that is not UTF-8 is repaired", () => {
  const name = (...texts: string[]) => {
    const span = texts.reduce((out, text) => out.text(5, text), new Writer()).finish();
    const request = [2, 2, 1].reduce((bytes, field) => new Writer().bytes(field, bytes).finish(), span);
    return JSON.parse(requestToJson("traces", request).toString()).resourceSpans[0].scopeSpans[0].spans[0];
  };
  expect(name("a", "")).toEqual({});
  expect(name("", "a")).toEqual({ name: "a" });
  expect(bodyOf(new Writer().bytes(1, Uint8Array.of(0x61, 0xff)).finish())).toEqual({ stringValue: "a\ufffd" });
});
