import type { Place } from "@rondo/core";
import { anyValue, compileEdits, type Edit } from "@rondo/otlp";
import { expect, test } from "vitest";
import { type ClientEdit, metadataKeyOf, metadataOf, programOf } from "./client-value.ts";

const constant: Edit = { action: "insert", key: "a", value: anyValue(1) };
const tenant: ClientEdit = { action: "upsert", key: "b", fromMetadata: "x-tenant", fallback: null };

function read(context: string): { key: string | undefined; said: string[] } {
  const said: string[] = [];
  const place: Place = { path: "", problem: (message) => void said.push(message), warn() {}, at: () => place };
  return { key: metadataKeyOf(context, place), said };
}

test("a key is one of metadata with and without its prefix, in lower case", () => {
  expect(["metadata.X-Tenant", "X-Tenant"].map((context) => read(context).key)).toEqual(["x-tenant", "x-tenant"]);
});

test("what is not built says so, and what names nothing, too", () => {
  for (const context of ["auth.subject", "client.address"]) {
    expect(read(context)).toEqual({ key: undefined, said: [expect.stringMatching(/not built yet/)] });
  }
  expect(read("metadata.")).toEqual({ key: undefined, said: [expect.stringMatching(/must name a header/)] });
});

test("edits without client values are compiled once, others with each batch's metadata", () => {
  const plain = programOf([constant]);
  expect(plain(undefined)).toBe(plain({ "x-tenant": ["a"] }));
  const asking = programOf([constant, tenant]);
  const set = { action: "upsert", key: "b", value: anyValue("a;b") } as const;
  expect(asking({ "x-tenant": ["a", "b"] })).toEqual(compileEdits([constant, set]));
  expect(asking(undefined)).toEqual(compileEdits([constant]));
  expect(asking({ "x-tenant": [] })).toEqual(compileEdits([constant]));
  const odd = programOf([{ ...tenant, fromMetadata: "constructor" }]);
  expect(odd({})).toEqual(compileEdits([]));
});

test("what is read is known before any batch, and no exporter need see it", () => {
  expect(metadataOf([constant, tenant])).toEqual({ keys: ["x-tenant"], sent: false });
});
