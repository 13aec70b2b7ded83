import { concatRequests } from "@rondo/otlp";
import { expect, test } from "vitest";
import { cutRequest } from "./cut-request.ts";
import { TERMS } from "./cut-terms.cases.ts";
import { flawedSpans, namesIn, request } from "./rig.cases.ts";

const MIB = 1 << 20;

test("a request of one service is one piece, not copied", () => {
  const body = request("logs", ["a", "b"]);
  const work = cutRequest({ ...TERMS, meta: { k: ["v"] } }, body);
  expect(work).toMatchObject({ items: 2, flawed: { count: 0 }, tooLarge: 0 });
  expect(work.pieces).toMatchObject([
    { topic: "otlp_logs", tenant: "default", via: "otlp", meta: { k: ["v"] }, items: 2 },
  ]);
  expect(work.pieces[0]?.body).toBe(body);
  expect(work.body).toBe(body);
});

test("services go to their partitions, each with its items", () => {
  const services = Array.from({ length: 12 }, (_, i) => `service-${i}`);
  const { pieces } = cutRequest(
    TERMS,
    Buffer.from(concatRequests(services.map((name) => request("logs", [name], name)))),
  );
  expect(pieces.flatMap(({ body }) => namesIn("logs", body)).sort()).toEqual(services.toSorted());
  const partitions = pieces.map(({ partition }) => partition);
  expect(new Set(partitions).size).toBe(partitions.length);
  expect(partitions.length).toBeGreaterThan(1);
  expect(pieces.reduce((sum, { items }) => sum + items, 0)).toBe(12);
});

test("flawed items are set aside, and so is what no record holds", () => {
  const spans = cutRequest({ ...TERMS, signal: "traces" }, flawedSpans());
  expect(spans).toMatchObject({ items: 5, flawed: { count: 3 } });
  expect([...spans.flawed.kinds.keys()]).toEqual(["trace_id", "span_id", "name_utf8"]);
  expect(spans.pieces.flatMap(({ body }) => namesIn("traces", body))).toEqual(["a", "e"]);
  const logs = cutRequest(TERMS, request("logs", ["a", "x".repeat(2 * MIB), "b"]));
  expect(logs).toMatchObject({ items: 3, tooLarge: 1 });
  expect(logs.pieces.flatMap(({ body }) => namesIn("logs", body))).toEqual(["a", "b"]);
});

test("nothing sound is no piece", () => {
  expect(cutRequest(TERMS, Buffer.alloc(0))).toMatchObject({ items: 0, pieces: [] });
});

test("records are cut to their bound, unless too much stands around each item", () => {
  const names = Array.from({ length: 8 }, (_, i) => String(i).repeat(MIB / 4));
  const { pieces } = cutRequest(TERMS, request("logs", names));
  expect(pieces.length).toBeGreaterThan(1);
  for (const { body } of pieces) expect(body.length).toBeLessThanOrEqual(TERMS.recordBytes);
  expect(() => cutRequest(TERMS, request("logs", names, "s".repeat(MIB / 2)))).toThrow(/stand around an item/);
});

test("the deep checks are made where they are asked for", () => {
  const body = request("metrics", ["", "b"]);
  const counts = [false, true].map((isDeep) => cutRequest({ ...TERMS, signal: "metrics", isDeep }, body).flawed.count);
  expect(counts).toEqual([0, 1]);
});
