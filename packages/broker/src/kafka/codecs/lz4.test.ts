import { xxhash32 } from "@rondo/core";
import { compressFrameSync, decompressFrameSync } from "lz4-napi";
import { describe, expect, test } from "vitest";
import { SLICE_BYTES } from "./codec.ts";
import { lz4 } from "./lz4.ts";

const turn = async () => undefined;
const text = Buffer.from("client 7 finished round 12. ".repeat(9_000));
const made = async (bytes: Buffer) => Buffer.concat(await lz4.compress(bytes, turn));
const undone = (bytes: Buffer, limit = 1 << 20) => lz4.inflate(bytes, limit, turn);

test("another implementation reads it, and is read", async () => {
  expect(decompressFrameSync(await made(text)).equals(text)).toBe(true);
  for (const options of [{}, { contentChecksum: true }, { blockChecksums: true, contentChecksum: true }]) {
    expect((await undone(compressFrameSync(text, options))).equals(text)).toBe(true);
  }
});

// Kafka's Java client, which allocates a block of the size that the header says.
test("the frame has its length and independent blocks of 1 MiB", async () => {
  const frame = await made(text);
  expect(frame.subarray(0, 6).toString("hex")).toBe("04224d186860");
  expect(frame.readBigUInt64LE(6)).toBe(BigInt(text.length));
  expect(frame.readUInt32LE(15) + 15 + 4 + 4).toBe(frame.length);
});

test("frames that follow each other are one", async () => {
  const two = Buffer.concat([await made(Buffer.from("a")), await made(Buffer.from("b"))]);
  expect((await undone(two)).toString()).toBe("ab");
});

test("large records let the event loop turn, in both directions", async () => {
  let turns = 0;
  const counting = async () => void turns++;
  const large = Buffer.alloc(3 * SLICE_BYTES);
  const frame = Buffer.concat(await lz4.compress(large, counting));
  expect(turns).toBe(2);
  await lz4.inflate(frame, large.length, counting);
  expect(turns).toBe(5);
});

// What somebody writes who wants to stop a reader: a batch of nothing but beginnings and ends.
test("many empty frames, and many empty blocks, let the event loop turn too", async () => {
  const frame = await made(Buffer.from(""));
  const block = Buffer.from([0, 0, 0, 0x80]);
  const blocks = [frame.subarray(0, 15), ...Array.from({ length: 9_000 }, () => block), Buffer.alloc(4)];
  for (const bytes of [Buffer.concat(Array.from({ length: 9_000 }, () => frame)), Buffer.concat(blocks)]) {
    let turns = 0;
    expect(await lz4.inflate(bytes, 1, async () => void turns++)).toHaveLength(0);
    expect(turns).toBe(4);
  }
});

describe("a frame", () => {
  const changed = async (at: number, byte: number) => {
    const frame = await made(text);
    frame[at] = byte;
    return frame;
  };

  test.each([
    ["of another version", 4, 0xa8, "unknown version"],
    ["of linked blocks", 4, 0x48, "blocks need others"],
    ["with a dictionary", 4, 0x69, "blocks need others"],
    ["of an unknown block size", 5, 0x30, "unknown block size"],
    ["with another sum of its header", 14, 0, "its sum"],
    ["with a block that is longer than it may be", 17, 0x7f, "where 1048576 B may be"],
    ["with a block that ends early", 17, 0x0f, "a block ends early"],
    ["whose block copies from before its beginning", 19, 0x0f, "lz4: "],
  ])("%s is corrupt", async (_, at, byte, message) => {
    await expect(undone(await changed(at, byte))).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringContaining(message),
    });
  });

  // Else it would say one thing to whoever makes room for it, and be another.
  test("that becomes more than it says is corrupt", async () => {
    const frame = await made(text);
    frame.writeUInt32LE(text.length - 1, 6);
    frame[14] = (xxhash32(frame.subarray(4, 14)) >>> 8) & 0xff;
    await expect(undone(frame)).rejects.toMatchObject({ code: "corrupt" });
  });

  // Each may say that it becomes 4 MiB, and memory is taken for it before it is known.
  test("of many empty blocks takes memory for what these can hold", async () => {
    const frame = await made(Buffer.from("a"));
    const empty = Buffer.from([1, 0, 0, 0, 0]);
    const many = Buffer.concat([
      frame.subarray(0, 15),
      ...Array.from({ length: 100_000 }, () => empty),
      Buffer.alloc(4),
    ]);
    expect(await undone(many)).toHaveLength(0);
  });
});
