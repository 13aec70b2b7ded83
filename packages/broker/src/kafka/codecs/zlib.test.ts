import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { gzip, zstd } from "./zlib.ts";

const turn = async () => undefined;

test.each([
  ["gzip", gzip, gunzipSync],
  ["zstd", zstd, zstdDecompressSync],
] as const)("%s is of one format at once and on a thread", async (_, codec, inflate) => {
  for (const length of [1_000, 5 << 20]) {
    const text = Buffer.alloc(length, "fl.client.metric ");
    const made = Buffer.concat(await codec.compress(text, turn));
    expect(inflate(made).equals(text)).toBe(true);
    expect((await codec.inflate(made, length, turn)).equals(text)).toBe(true);
  }
});

// What looks short and becomes long goes to a thread in the middle, and to its end there.
test("the loop is not held by what becomes large", async () => {
  const made = Buffer.concat(await gzip.compress(Buffer.alloc(4 << 20), turn));
  expect(made.length).toBeLessThan(30_000);
  expect(await gzip.inflate(made, 4 << 20, turn)).toHaveLength(4 << 20);
});
