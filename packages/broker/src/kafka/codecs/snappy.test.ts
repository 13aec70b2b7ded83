import { describe, expect, test } from "vitest";
import { SLICE_BYTES } from "./codec.ts";
import { snappy } from "./snappy.ts";

const turn = async () => undefined;
const HEAD = "82534e41505059000000000100000001";
const undone = (bytes: Buffer, limit = 1 << 20) => snappy.inflate(bytes, limit, turn);
/** "abc" as a literal. */
const BLOCK = Buffer.from([3, 2 << 2, 97, 98, 99]);
const framed = (...blocks: readonly Buffer[]) =>
  Buffer.concat([
    Buffer.from(HEAD, "hex"),
    ...blocks.flatMap((block) => [Buffer.from([0, 0, 0, block.length]), block]),
  ]);

test("the framing is that of Kafka's Java client, in blocks of 32 KiB", async () => {
  const text = Buffer.from("fl.round ".repeat(10_000));
  const bytes = Buffer.concat(await snappy.compress(text, turn));
  expect(bytes.subarray(0, 16).toString("hex")).toBe(HEAD);
  let blocks = 0;
  for (let at = 16; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) blocks++;
  expect(blocks).toBe(3);
});

test("a block without any framing is read as well, as the Collector's client writes it", async () => {
  expect((await undone(BLOCK)).toString()).toBe("abc");
  expect((await undone(framed(BLOCK, BLOCK))).toString()).toBe("abcabc");
});

describe("what is not of the format", () => {
  test.each([
    ["a block that ends early", framed(BLOCK).subarray(0, -1), "a block ends early"],
    ["a length that ends early", framed(BLOCK, BLOCK).subarray(0, -7), "the length of a block ends early"],
    ["a block that is longer than it says", framed(Buffer.from([2, 2 << 2, 97, 98, 99])), "more than the 2 B"],
    ["a block that is shorter than it says", framed(Buffer.from([4, 2 << 2, 97, 98, 99])), "3 B where 4 B"],
    ["a length that cannot be", Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), "more than 6 B can hold"],
  ])("%s is corrupt", async (_, bytes, message) => {
    await expect(undone(bytes)).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringMatching(`^snappy: .*${message}`),
    });
  });
});

test("the limit is over all blocks, and is asked before memory is taken", async () => {
  await expect(undone(framed(BLOCK, BLOCK), 5)).rejects.toMatchObject({ code: "too_large" });
  expect(await undone(framed(BLOCK, BLOCK), 6)).toHaveLength(6);
});

test("large records let the event loop turn, in both directions", async () => {
  let turns = 0;
  const counting = async () => void turns++;
  const large = Buffer.alloc(3 * SLICE_BYTES);
  const bytes = Buffer.concat(await snappy.compress(large, counting));
  expect(turns).toBe(2);
  await snappy.inflate(bytes, large.length, counting);
  expect(turns).toBeGreaterThan(4);
});
