import { constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { PIECE_BYTES } from "./codec.ts";
import { collected } from "./collected.cases.ts";
import { gzip, zlib, zstd } from "./zlib.ts";

const TEXT = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `span ${i % 97};`).join(""));
const FORMATS = [
  ["gzip", gzip, gzipSync],
  ["zlib", zlib, deflateSync],
  ["zstd", zstd, zstdCompressSync],
] as const;

test.each(FORMATS)("%s is undone piece by piece", async (_, codec, compress) => {
  expect((await collected(codec, compress(TEXT))).bytes.equals(TEXT)).toBe(true);
});

test.each(FORMATS)("%s that ends early, or is none, is invalid", async (name, codec, compress) => {
  const whole = compress(TEXT);
  for (const length of [1, 5, whole.length >> 1, whole.length - 1]) {
    await expect(collected(codec, whole.subarray(0, length))).rejects.toMatchObject({ code: "invalid" });
  }
  await expect(collected(codec, Buffer.from("hello"))).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringMatching(name),
  });
});

test.each(FORMATS)("a bomb of %s ends at the piece that is too much", async (_, codec, compress) => {
  const bomb = compress(Buffer.alloc(8 << 20));
  await expect(collected(codec, bomb, 1 << 20)).rejects.toMatchObject({ code: "too_large" });
});

test.each(FORMATS)("a want of memory is no fault of %s", async (_, codec, compress) => {
  // More than any machine has.
  await expect(collected(codec, compress(TEXT), 1 << 20, 2 ** 52)).rejects.toMatchObject({ code: "unavailable" });
});

test("several members of gzip and several frames of zstd are one body", async () => {
  for (const [, codec, compress] of [FORMATS[0], FORMATS[2]]) {
    const { bytes } = await collected(codec, Buffer.concat([compress("a"), compress("b"), compress("c")]));
    expect(bytes.toString()).toBe("abc");
  }
});

test("zstd with a window of 128 MiB is undone, with a larger one it is invalid", async () => {
  const params = (log: number) => ({ params: { [constants.ZSTD_c_windowLog]: log } });
  // Without a declared size, so that the window is not made smaller than it.
  const frame = (log: number) => zstdCompressSync(TEXT, { ...params(log), pledgedSrcSize: undefined });
  expect((await collected(zstd, frame(27))).bytes.equals(TEXT)).toBe(true);
  // Magic, a descriptor without sizes, and the window's exponent: RFC 8878 §3.1.1.1.2.
  const asks28 = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (28 - 10) << 3, 1, 0, 0]);
  await expect(collected(zstd, asks28)).rejects.toMatchObject({ code: "invalid" });
});

test.each(FORMATS)(
  "a large body of %s comes in pieces that go back to the system when they are freed",
  async (_, codec, compress) => {
    const sizes = new Set<number>();
    await codec(compress(Buffer.alloc(8 << 20)), {
      pieceBytes: 16 << 10,
      declared() {},
      take: (piece) => void sizes.add(piece.buffer.byteLength),
      write() {},
      work: () => undefined,
      place: () => Promise.resolve(),
    });
    expect([...sizes]).toEqual([PIECE_BYTES]);
  },
);
