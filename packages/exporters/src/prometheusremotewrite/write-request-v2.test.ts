import { STALE_NAN } from "@rondo/promql";
import { expect, test } from "vitest";
import type { Chunk } from "./chunks.ts";
import { encodeWriteRequest } from "./write-request.ts";
import { encodeRequestV2 } from "./write-request-v2.ts";
import { writtenLines } from "./written.cases.ts";

const family = { name: "x_seconds", kind: "counter", unit: "seconds", help: "Why." } as const;
const labels = [
  ["__name__", "x_seconds"],
  ["a", "é"],
  ["x_seconds", "a"],
] as const;
const exemplars = [{ labels: [["trace_id", "ab"]] as const, time: 3, value: -1.5 }];
const rows = [
  {
    series: { labels, family },
    times: [1, 1_795_447_887_999],
    values: [0.5, STALE_NAN],
    exemplars,
    points: 2,
    group: 0,
  },
];
const chunk: Chunk = { rows, points: 2, samples: 2 };
const named = "__name__=x_seconds,a=é,x_seconds=a";

test("version 1 spells labels out and has metadata at the end where it is asked for", () => {
  const written = [`${named} 0.5 @1`, `${named} stale @1795447887999`, "# -1.5 @3"];
  expect(writtenLines(encodeWriteRequest(chunk, false))).toEqual(written);
  expect(writtenLines(encodeWriteRequest(chunk, true))).toEqual([...written, "TYPE 1 x_seconds Why. seconds"]);
});

test("version 2 has every text once and metadata with every series", () => {
  const message = encodeRequestV2(chunk);
  expect(writtenLines(message)).toEqual([
    `${named} 0.5 @1`,
    `${named} stale @1795447887999`,
    "# -1.5 @3",
    "TYPE 1 Why. seconds",
  ]);
  expect(Buffer.from(message).toString("latin1").split("x_seconds").length).toBe(2);
});

test("the stale marker has the bits that Prometheus knows", () => {
  for (const message of [encodeWriteRequest(chunk, false), encodeRequestV2(chunk)])
    expect(Buffer.from(message).includes(Buffer.from("020000000000f07f", "hex"))).toBe(true);
});
