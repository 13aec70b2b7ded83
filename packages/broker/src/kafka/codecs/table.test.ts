import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SLICE_BYTES } from "./codec.ts";
import { CODECS, codecOf } from "./table.ts";

const turn = async () => undefined;
const LIMIT = 8 << 20;

/** Bytes that compress well and badly by turns, as records do. */
const content = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 40 })), { maxLength: 30 })
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))));

test("numbers are those of Kafka's attributes", () => {
  expect(Object.entries(CODECS).map(([name, { id }]) => [id, name])).toEqual([
    [1, "gzip"],
    [2, "snappy"],
    [3, "lz4"],
    [4, "zstd"],
  ]);
  expect(codecOf(3)).toBe(CODECS.lz4);
  expect([0, 5, 6, 7].map(codecOf)).toEqual([undefined, undefined, undefined, undefined]);
});

describe.each(Object.entries(CODECS))("%s", (_name, codec) => {
  const compressed = async (bytes: Buffer) => Buffer.concat(await codec.compress(bytes, turn));

  test("gives back what it was given, and leaves that and its own alone", async () => {
    const property = fc.asyncProperty(content, async (bytes) => {
      const before = Buffer.from(bytes);
      const made = await compressed(bytes);
      const copy = Buffer.from(made);
      expect((await codec.inflate(made, LIMIT, turn)).equals(before)).toBe(true);
      expect([bytes.equals(before), made.equals(copy)]).toEqual([true, true]);
    });
    await fc.assert(property);
  });

  test.each([0, 1, SLICE_BYTES - 1, SLICE_BYTES, SLICE_BYTES + 1, 3 * SLICE_BYTES + 5])(
    "%i bytes are whole, easy or hard to compress",
    async (length) => {
      for (const bytes of [Buffer.alloc(length, "fl.round "), randomBytes(length)]) {
        expect((await codec.inflate(await compressed(bytes), LIMIT, turn)).equals(bytes)).toBe(true);
      }
    },
  );

  // A batch is whole when its sum is right, so what ends early was written so: it must never pass for less data.
  test("never takes a part for the whole", async () => {
    const property = fc.asyncProperty(content, fc.nat(), async (bytes, pick) => {
      const made = await compressed(Buffer.concat([bytes, Buffer.from("end")]));
      const part = made.subarray(0, pick % made.length);
      // Nothing at all is a batch of nothing in formats that may have no frame.
      const outcome = await codec.inflate(part, LIMIT, turn).catch((thrown: unknown) => thrown);
      if (Buffer.isBuffer(outcome)) expect(outcome.length).toBe(0);
      else expect(outcome).toMatchObject({ code: "corrupt" });
    });
    await fc.assert(property);
  });

  test("ends on any bytes, with a result or a fault that names it", async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(content, flips, async (bytes, changes) => {
      const made = await compressed(bytes);
      for (const [at, byte] of changes) made[at % made.length] = byte;
      const outcome = await codec.inflate(made, LIMIT, turn).catch((thrown: unknown) => thrown);
      if (Buffer.isBuffer(outcome)) expect(outcome.length).toBeLessThanOrEqual(LIMIT);
      else expect(outcome).toMatchObject({ name: "Fault", code: expect.stringMatching(/^(corrupt|too_large)$/) });
    });
    await fc.assert(property);
    await expect(codec.inflate(Buffer.from("garbage, garbage, garbage"), LIMIT, turn)).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  test("stops at the limit, which may just be reached", async () => {
    const bomb = await compressed(Buffer.alloc(LIMIT));
    expect(await codec.inflate(bomb, LIMIT, turn)).toHaveLength(LIMIT);
    await expect(codec.inflate(bomb, LIMIT - 1, turn)).rejects.toMatchObject({
      code: "too_large",
      message: expect.stringContaining(`${LIMIT - 1} B`),
    });
    await expect(codec.inflate(bomb, 10, turn)).rejects.toMatchObject({ code: "too_large" });
  });
});
