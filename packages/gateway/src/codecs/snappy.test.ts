import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collected } from "./collected.cases.ts";
import { chunk, IDENTIFIER, masked, varint } from "./compressed.cases.ts";
import { FRAMED_TEXT, SNAPPY_BLOCK, SNAPPY_FRAMED, TEXT } from "./foreign.cases.ts";
import { snappy, snappyFramed } from "./snappy.ts";

const invalid = (message: string | RegExp) => ({ code: "invalid", message: expect.stringMatching(message) });

/** An element of a block, by what it appends. */
type Element =
  | { readonly literal: Uint8Array }
  | { readonly back: number; readonly length: number; readonly form: 1 | 2 | 4 };

/** Writes elements as format_description.txt says, and what they stand for. `back` is cut to what is there. */
function written(elements: readonly Element[]): { readonly block: Buffer; readonly text: Buffer } {
  const parts: Buffer[] = [];
  const text: number[] = [];
  for (const element of elements) {
    if ("literal" in element) {
      const { literal } = element;
      const below = literal.length - 1;
      if (literal.length === 0) continue;
      const head = below < 60 ? [below << 2] : below < 256 ? [60 << 2, below] : [61 << 2, below & 255, below >> 8];
      parts.push(Buffer.from(head), Buffer.from(literal));
      text.push(...literal);
    } else if (text.length > 0) {
      const back = 1 + (element.back % Math.min(text.length, element.form === 1 ? 2_047 : 65_535));
      const length = element.form === 1 ? 4 + (element.length % 8) : 1 + (element.length % 64);
      const head =
        element.form === 1
          ? ((back >> 8) << 5) | ((length - 4) << 2) | 1
          : ((length - 1) << 2) | ((element.form >> 1) + 1);
      const distance = Buffer.alloc(4);
      distance.writeUInt32LE(back);
      parts.push(Buffer.from([head]), distance.subarray(0, element.form));
      for (let i = 0; i < length; i++) text.push(text[text.length - back] ?? -1);
    }
  }
  return { block: Buffer.concat([varint(text.length), ...parts]), text: Buffer.from(text) };
}

const elements = fc.array(
  fc.oneof(
    fc.record({ literal: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({ back: fc.nat(), length: fc.nat(), form: fc.constantFrom<1 | 2 | 4>(1, 2, 4) }),
  ),
);

describe("a block", () => {
  test("of another implementation is undone", async () => {
    expect((await collected(snappy, SNAPPY_BLOCK)).bytes.equals(TEXT)).toBe(true);
  });

  test("of any elements is what they stand for", async () => {
    await fc.assert(
      fc.asyncProperty(elements, async (given) => {
        const { block, text } = written(given);
        expect((await collected(snappy, block)).bytes.equals(text)).toBe(true);
      }),
    );
  });

  test("that is cut off anywhere is invalid", async () => {
    const { block } = written([{ literal: Buffer.from("round ") }, { back: 5, length: 60, form: 4 }]);
    for (let length = 1; length < block.length; length++) {
      await expect(collected(snappy, block.subarray(0, length))).rejects.toMatchObject({ code: "invalid" });
    }
  });

  test.each([
    ["declares more than it can hold", [0xff, 0xff, 0xff, 0x0f, 0], "it declares 33554431 B, more than 5 B can hold"],
    ["declares more than it holds", [5, 4, 65, 66], "2 B where 5 B were declared"],
    ["declares less than it holds", [1, 4, 65, 66], "more than the 1 B that were declared"],
    ["declares no end of length", [255, 255, 255, 255, 255, 1], "it declares no length"],
    ["copies from before its beginning", [6, 0, 65, 6, 2, 0], "a copy reaches before the beginning"],
  ])("that %s is invalid", async (_, bytes, message) => {
    await expect(collected(snappy, Buffer.from(bytes))).rejects.toMatchObject(invalid(message));
  });

  test("over the limit is refused by its length, before memory is taken for it", async () => {
    const bomb = Buffer.concat([varint(40 << 20), Buffer.alloc(2 << 20, 0xfe)]);
    await expect(collected(snappy, bomb, 20 << 20)).rejects.toMatchObject({ code: "too_large" });
  });

  test("that is large lets the event loop turn", async () => {
    const { block, text } = written([{ literal: Buffer.from("x") }, { back: 0, length: 63, form: 2 }]);
    const copies = Buffer.concat(Array.from({ length: 100_000 }, () => block.subarray(-3)));
    const body = Buffer.concat([varint(1 + 64 * 100_000), block.subarray(1, 3), copies]);
    const { bytes, turns } = await collected(snappy, body);
    expect(bytes).toHaveLength(64 * 100_000 + 1);
    expect([text.length, turns]).toEqual([65, 6]);
  });
});

describe("a stream", () => {
  test("of another implementation is undone, under both names", async () => {
    for (const codec of [snappy, snappyFramed]) {
      expect((await collected(codec, SNAPPY_FRAMED)).bytes.equals(FRAMED_TEXT)).toBe(true);
    }
  });

  test("may have padding, skippable chunks and several identifiers", async () => {
    const text = Buffer.from("round");
    const data = chunk(1, text, masked(text));
    const stream = [IDENTIFIER, chunk(0xfe, Buffer.alloc(9)), data, IDENTIFIER, chunk(0x80, Buffer.from("?")), data];
    expect((await collected(snappy, Buffer.concat(stream))).bytes.toString()).toBe("roundround");
  });

  test.each([
    ["without an identifier", [chunk(1, Buffer.from("a"), masked(Buffer.from("a")))], "stream identifier"],
    ["with a wrong identifier", [IDENTIFIER, chunk(0xff, Buffer.from("snappy"))], "a stream identifier is wrong"],
    ["with a wrong checksum", [IDENTIFIER, chunk(1, Buffer.from("a"), 7)], "does not have its checksum"],
    ["with a chunk that must not be skipped", [IDENTIFIER, chunk(2, Buffer.from("a"))], "unknown type 2"],
    ["with a chunk without a checksum", [IDENTIFIER, chunk(1, Buffer.from("a"))], "it ends early"],
    ["with a chunk that ends early", [IDENTIFIER, chunk(0x80, Buffer.alloc(9)).subarray(0, 9)], "a chunk ends early"],
    [
      "with a chunk over 64 KiB",
      [IDENTIFIER, chunk(0, Buffer.concat([varint(65_537), Buffer.alloc(9_000)]), 0)],
      "65536 B may",
    ],
  ])("%s is invalid", async (_, chunks, message) => {
    await expect(collected(snappyFramed, Buffer.concat(chunks))).rejects.toMatchObject(invalid(message));
  });

  test("of empty chunks lets the event loop turn", async () => {
    const body = Buffer.concat([IDENTIFIER, ...Array.from({ length: 50_000 }, () => chunk(0xfe, Buffer.alloc(0)))]);
    expect((await collected(snappy, body)).turns).toBeGreaterThan(2);
  });

  test("over the limit ends at the chunk that is too much", async () => {
    const data = Buffer.alloc(1 << 16);
    const body = Buffer.concat([IDENTIFIER, ...Array.from({ length: 40 }, () => chunk(1, data, masked(data)))]);
    await expect(collected(snappy, body, 1 << 20)).rejects.toMatchObject({ code: "too_large" });
  });
});
