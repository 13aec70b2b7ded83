import { expect, test } from "vitest";
import { collected } from "./collected.cases.ts";
import { WRITERS } from "./compressed.cases.ts";
import { TEXT } from "./foreign.cases.ts";
import { CODECS } from "./table.ts";

test("the names are the Collector's", () => {
  expect([...CODECS.keys()].sort()).toEqual(WRITERS.map(({ encoding }) => encoding).sort());
  expect(CODECS.get("deflate")).toBe(CODECS.get("zlib"));
});

const OURS = WRITERS.filter(({ encoding }) => /snappy|lz4/.test(encoding));

test.each(OURS)(
  "a bomb of $encoding lets the event loop turn with every MiB that it makes",
  async ({ encoding, zeros }) => {
    const codec = CODECS.get(encoding);
    if (codec === undefined) throw new Error("no codec");
    expect((await collected(codec, zeros(16 << 20))).turns).toBeGreaterThanOrEqual(15);
  },
);

test.each(WRITERS)("$encoding is undone, and ends where the limit is", async ({ encoding, compress, zeros }) => {
  const codec = CODECS.get(encoding);
  if (codec === undefined) throw new Error("no codec");
  expect((await collected(codec, compress(TEXT))).bytes.equals(TEXT)).toBe(true);
  expect((await collected(codec, zeros(1 << 20))).bytes.equals(Buffer.alloc(1 << 20))).toBe(true);
  await expect(collected(codec, zeros(8 << 20), 4 << 20)).rejects.toMatchObject({ code: "too_large" });
});
