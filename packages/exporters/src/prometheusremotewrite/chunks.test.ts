import fc from "fast-check";
import { expect, test } from "vitest";
import { chunksOf } from "./chunks.ts";
import type { SampleRow } from "./sample-table.ts";
import { encodeWriteRequest } from "./write-request.ts";
import { encodeRequestV2 } from "./write-request-v2.ts";

const row = (name: string, samples: number, group: number): SampleRow => ({
  series: { labels: [["__name__", name]], family: { name, kind: "gauge", unit: "", help: "" } },
  times: Array.from({ length: samples }, (_, index) => index),
  values: Array.from({ length: samples }, () => 1),
  exemplars: [],
  points: samples,
  group,
});

test("rows of one point stay together, whatever their size", () => {
  const chunks = chunksOf([row("a", 1, 0), row("b", 1, 0), row("c", 1, 1)], 1);
  expect(chunks.map(({ rows, points, samples }) => [rows.length, points, samples])).toEqual([
    [2, 2, 2],
    [1, 1, 1],
  ]);
  expect(chunksOf([], 1)).toEqual([]);
});

test("no request is larger than its bound, and no row is lost", () => {
  const rows = fc.array(fc.tuple(fc.string({ maxLength: 40, unit: "grapheme" }), fc.nat(20)), { maxLength: 60 });
  fc.assert(
    fc.property(rows, (given) => {
      const all = given.map(([name, samples], index) => row(name, samples, index));
      const chunks = chunksOf(all, 2_000);
      expect(chunks.flatMap((chunk) => chunk.rows)).toEqual(all);
      for (const chunk of chunks) {
        expect(encodeWriteRequest(chunk, false).length).toBeLessThanOrEqual(2_000);
        if (chunk.rows.length > 3) expect(encodeRequestV2(chunk).length).toBeLessThanOrEqual(2_000);
      }
    }),
  );
});
