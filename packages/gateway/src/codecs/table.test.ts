import { expect, test } from "vitest";
import { CODECS } from "./table.ts";

test("the names are the Collector's", () => {
  expect([...CODECS.keys()].sort()).toEqual(["deflate", "gzip", "lz4", "snappy", "x-snappy-framed", "zlib", "zstd"]);
  expect(CODECS.get("deflate")).toBe(CODECS.get("zlib"));
});
