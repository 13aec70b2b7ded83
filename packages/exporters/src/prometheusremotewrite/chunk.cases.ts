/** A request of one series with everything that a series can have, for the tests of both versions. */
import { STALE_NAN } from "@rondo/promql";
import type { Chunk } from "./chunks.ts";

const family = { name: "x_seconds", kind: "counter", unit: "seconds", help: "Why." } as const;
const labels = [
  ["__name__", "x_seconds"],
  ["a", "é"],
  ["x_seconds", "a"],
] as const;

/** Two samples, the second a stale marker, and an exemplar. */
export const chunk: Chunk = {
  rows: [
    {
      series: { labels, family },
      times: [1, 1_795_447_887_999],
      values: [0.5, STALE_NAN],
      exemplars: [{ labels: [["trace_id", "ab"]], time: 3, value: -1.5 }],
      points: 2,
      group: 0,
    },
  ],
  points: 2,
  samples: 2,
};

const named = "__name__=x_seconds,a=é,x_seconds=a";

/** What a backend reads of it, but for metadata. */
export const chunkLines = [`${named} 0.5 @1`, `${named} stale @1795447887999`, "# -1.5 @3"];

/** The bits of the stale marker as they must stand in a message. */
export const STALE_BYTES = Buffer.from("020000000000f07f", "hex");
