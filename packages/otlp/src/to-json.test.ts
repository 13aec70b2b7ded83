import fc from "fast-check";
import { expect, test } from "vitest";
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
    if (typeof value === "number" && (Object.is(value, -0) || !Number.isFinite(value)))
      return Object.is(value, -0) ? "-0" : `${value}`;
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
      expect(withoutEmptyLists(JSON.parse(requestToJson(signal, body)))).toEqual(oracle(signal, body));
    }),
  );
  for (const { signal, body } of recorded()) {
    expect(withoutEmptyLists(JSON.parse(requestToJson(signal, body)))).toEqual(oracle(signal, body));
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
  const points = JSON.parse(json).resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints;
  expect(points.map((point: { asDouble: unknown }) => point.asDouble)).toEqual([
    "NaN",
    "Infinity",
    "-Infinity",
    "-0",
    1e300,
  ]);
  expect(points[0].timeUnixNano).toBe("18446744073709551615");
});
