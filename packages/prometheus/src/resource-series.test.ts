import { anyValue, keyValue } from "@rondo/otlp";
import { expect, test } from "vitest";
import { latin1, ResourceSeries } from "./resource-series.ts";
import { SeriesMemory } from "./series-memory.ts";

const field = (number: number, body: Uint8Array) => Buffer.concat([Buffer.from([number * 8 + 2, body.length]), body]);
const pair = (key: string, value: string) => field(1, keyValue(Buffer.from(key), anyValue(value)));
const resource = Buffer.concat([pair("service.name", "a"), pair("host.name", "h")]);

test("target_info is the same series for every resource that says the same", () => {
  const memory = new SeriesMemory();
  const one = new ResourceSeries(resource, {}, memory);
  expect(one.targetInfo?.labels).toEqual([
    ["__name__", "target_info"],
    ["host_name", "h"],
    ["job", "a"],
  ]);
  expect(one.targetInfo?.family.kind).toBe("info");
  expect(new ResourceSeries(resource, {}, memory).targetInfo).toBe(one.targetInfo);
  expect(new ResourceSeries(resource, { targetInfo: false }, memory).targetInfo).toBeUndefined();
});

test("a scope is known by its bytes and its schema", () => {
  const memory = new SeriesMemory();
  const one = new ResourceSeries(resource, { scopeSchema: true }, memory);
  const before = memory.entries;
  const scope = one.scope(Buffer.from("0a0161", "hex"), "");
  expect(one.scope(Buffer.from("0a0161", "hex"), "")).toBe(scope);
  expect(one.scope(Buffer.from("0a0161", "hex"), "x")).not.toBe(scope);
  expect(memory.entries - before).toBe(2);
  const blind = new ResourceSeries(resource, {}, memory);
  expect(blind.scope(Buffer.of(), "x")).toBe(blind.scope(Buffer.of(), ""));
});

test("bytes become text of the same length", () => {
  expect(latin1(Uint8Array.of(0x61, 0xff, 0x00))).toBe("a\u00ff\u0000");
});
