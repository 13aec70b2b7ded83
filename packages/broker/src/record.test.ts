import { Fault, META_BYTES } from "@rondo/core";
import { expect, test } from "vitest";
import {
  enrichedHeaders,
  itemsHeader,
  rawHeaders,
  readEnrichedHeaders,
  readOrigin,
  readRawHeaders,
  writeOrigin,
} from "./record.ts";

const foreign = { tenant: "default", via: "otlp", count: () => 7 };
const at = (headers: Record<string, string>) => ({ headers, value: new Uint8Array(), offset: 3, timestamp: 0 });

test("raw headers read back as they were written", () => {
  const written = { tenant: "hospital-7", via: "otlp/site", items: 12, meta: { "x-site": ["a", "b"] } };
  expect(readRawHeaders(at({ ...rawHeaders(written) }), foreign)).toEqual(written);
});

test("the number of items may be known last", () => {
  const before = rawHeaders({ tenant: "t", via: "otlp", items: Number.MAX_SAFE_INTEGER });
  expect({ ...before, ...itemsHeader(3) }).toEqual(rawHeaders({ tenant: "t", via: "otlp", items: 3 }));
});

test("a record that a Collector wrote belongs to the default tenant and receiver and is counted", () => {
  expect(readRawHeaders(at({}), foreign)).toEqual({ tenant: "default", via: "otlp", items: 7 });
});

test("headers of somebody else that have our names are passed over, and never make items vanish", () => {
  for (const items of ["", "many", "-3", "1e400", "0x10"]) {
    expect(readRawHeaders(at({ items }), foreign)).toEqual({ tenant: "default", via: "otlp", items: 7 });
  }
  const long = JSON.stringify({ a: ["v".repeat(META_BYTES)] });
  for (const meta of ["{", "7", "null", "[]", '{"a":"b"}', '{"a":[1]}', long])
    expect(readRawHeaders(at({ meta }), foreign).meta).toBeUndefined();
});

test("a record of another layout is refused by offset and version", () => {
  expect(() => readRawHeaders(at({ v: "2" }), foreign)).toThrow(/offset 3 has layout version 2/);
});

// Whoever reads headers has one way out for everything that is no record of ours.
test("a record that could not be read is refused with the reason", () => {
  const damaged = { ...at({}), fault: new Fault("corrupt", "its sum is wrong") };
  expect(() => readRawHeaders(damaged, foreign)).toThrow("its sum is wrong");
  expect(() => readEnrichedHeaders(damaged)).toThrow("its sum is wrong");
});

test("enriched headers read back as they were written, with and without an account", () => {
  const written = { tenant: "t", items: 4, origin: "0:17:0/1", at: 1700000000000 };
  expect(readEnrichedHeaders(at({ ...enrichedHeaders(written) }))).toEqual(written);
  const meta = { "x-site": ["a"] };
  expect(readEnrichedHeaders(at({ ...enrichedHeaders({ ...written, meta }) }))).toEqual({ ...written, meta });
  const account = { entered: 9, created: 0, dropped: { "filter/a/invalid_item": 5 } };
  expect(readEnrichedHeaders(at({ ...enrichedHeaders({ ...written, account }) }))).toEqual({ ...written, account });
});

test("an enriched record without an origin is corrupt", () => {
  expect(() => readEnrichedHeaders(at({ tenant: "t", items: "1", at: "0" }))).toThrow(/lacks a header/);
});

test("origins read back; Rondo's own output has none of this form", () => {
  const origin = { partition: 2, offset: 81, part: 1, parts: 3 };
  expect(writeOrigin(origin)).toBe("2:81:1/3");
  expect(readOrigin("2:81:1/3")).toEqual(origin);
  expect(readOrigin("rules/group/17")).toBeUndefined();
});
