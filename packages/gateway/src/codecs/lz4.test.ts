import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collected } from "./collected.cases.ts";
import { compressedBlock as compressed, frame, plainBlock as plain, uint32 } from "./compressed.cases.ts";
import { LZ4, TEXT } from "./foreign.cases.ts";
import { lz4 } from "./lz4.ts";

/** A sequence of a block: literals, then a copy. */
interface Sequence {
  readonly literals: Uint8Array;
  readonly back: number;
  readonly length: number;
}

function longLength(length: number): number[] {
  if (length < 15) return [];
  return [...new Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
}

/** Writes sequences as lz4_Block_format.md says, behind `before`, which they may copy; appends to it what they stand for. */
function block(sequences: readonly Sequence[], last: Uint8Array, before: number[]): Buffer {
  const parts: number[] = [];
  for (const { literals, back, length } of sequences) {
    before.push(...literals);
    if (before.length === 0) continue;
    const distance = 1 + (back % Math.min(before.length, 65_535));
    const over = length - 4;
    parts.push((Math.min(15, literals.length) << 4) | Math.min(15, over), ...longLength(literals.length), ...literals);
    parts.push(distance & 255, distance >> 8, ...longLength(over));
    for (let i = 0; i < length; i++) before.push(before[before.length - distance] ?? -1);
  }
  before.push(...last);
  return Buffer.from([...parts, Math.min(15, last.length) << 4, ...longLength(last.length), ...last]);
}

const literals = fc.uint8Array({ maxLength: 300 });
const sequences = fc.array(fc.record({ literals, back: fc.nat(), length: fc.integer({ min: 4, max: 700 }) }));

describe("frames", () => {
  test.each(LZ4)("of another implementation are undone: %s", async (_, body) => {
    expect((await collected(lz4, body)).bytes.equals(TEXT)).toBe(true);
  });

  test("of any blocks are what these stand for, by themselves or linked", async () => {
    const blocks = fc.array(fc.tuple(sequences, literals), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(blocks, fc.boolean(), async (given, linked) => {
        const text: number[] = [];
        const written = given.map(([before, last]) => {
          const seen = linked ? text : [];
          const bytes = block(before, last, seen);
          if (!linked) text.push(...seen);
          return compressed(bytes);
        });
        const body = frame(written, { flags: linked ? 0x40 : 0x60, sizes: 0x70 });
        expect((await collected(lz4, body)).bytes.equals(Buffer.from(text))).toBe(true);
      }),
    );
  });

  test("linked blocks copy from blocks before a move of the window", async () => {
    const part = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7_919) % 251));
    const text: number[] = [];
    const blocks = [1, 2, 3, 4, 5].flatMap(() => {
      text.push(...part);
      return [
        plain(part),
        compressed(block([{ literals: part.subarray(0, 9), back: 65_534, length: 20 }], part, text)),
      ];
    });
    expect((await collected(lz4, frame(blocks, { flags: 0x40 }))).bytes.equals(Buffer.from(text))).toBe(true);
  });

  test("may be several, with frames to skip between them", async () => {
    const skipped = Buffer.concat([uint32(0x184d2a55), uint32(3), Buffer.from("abc")]);
    const body = Buffer.concat([frame([plain(Buffer.from("a"))]), skipped, frame([plain(Buffer.from("b"))]), skipped]);
    expect((await collected(lz4, body)).bytes.toString()).toBe("ab");
  });

  test.each(LZ4)("that are cut off anywhere are invalid: %s", async (_, body) => {
    for (let length = 1; length < body.length; length += 1 + (length >> 3)) {
      await expect(collected(lz4, body.subarray(0, length))).rejects.toMatchObject({ code: "invalid" });
    }
  });

  const a = plain(Buffer.from("a"));
  const size = (bytes: number) => Buffer.concat([uint32(bytes), uint32(0)]);
  test.each([
    ["other bytes", Buffer.from("hello"), "it is no frame of LZ4"],
    ["another version", frame([], { flags: 0xa0 }), "unknown version"],
    ["a reserved bit", frame([], { flags: 0x62 }), "unknown version"],
    ["a dictionary", frame([], { flags: 0x61, rest: uint32(1) }), "needs a dictionary"],
    ["a block size of 256 B", frame([], { sizes: 0x00 }), "unknown block size"],
    ["a wrong header checksum", frame([], { sum: 1 }), "header does not have its checksum"],
    ["a wrong block checksum", frame([a, uint32(1)], { flags: 0x70 }), "a block does not have its checksum"],
    ["a wrong checksum", Buffer.concat([frame([a], { flags: 0x64 }), uint32(1)]), "a frame does not have its checksum"],
    ["a wrong size", frame([a], { flags: 0x68, rest: size(2) }), "1 B where 2 B were declared"],
    ["a block that is too long", frame([plain(Buffer.alloc(65_537))]), "65536 B may be"],
    [
      "a block that grows too long",
      frame([compressed(Buffer.from([0x1f, 1, 1, 0, ...new Array<number>(300).fill(255), 0]))]),
      "longer than its frame allows",
    ],
    [
      "a copy from an earlier block of its own",
      frame([a, compressed(Buffer.from([0x01, 1, 0, 0x10, 1]))]),
      "before the beginning",
    ],
  ])("with %s are invalid", async (_, body, message) => {
    await expect(collected(lz4, body)).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(message),
    });
  });

  test("over the limit are refused by the size that they declare, or at the block that is too much", async () => {
    const declared = frame([a], { flags: 0x68, rest: size(2 << 20) });
    await expect(collected(lz4, declared, 1 << 20)).rejects.toMatchObject({ code: "too_large" });
    const bomb = compressed(block([{ literals: Buffer.from("a"), back: 0, length: 60_000 }], Buffer.alloc(0), []));
    const body = frame(Array.from({ length: 30 }, () => bomb));
    await expect(collected(lz4, body, 1 << 20)).rejects.toMatchObject({ code: "too_large" });
  });

  test("that are many and empty let the event loop turn", async () => {
    const none = compressed(Buffer.from([0]));
    const blocks = frame(
      Array.from({ length: 50_000 }, () => none),
      { flags: 0x40 },
    );
    expect((await collected(lz4, blocks)).turns).toBeGreaterThan(2);
    const frames = Buffer.concat(Array.from({ length: 50_000 }, () => frame([], { sizes: 0x70 })));
    expect((await collected(lz4, frames)).turns).toBeGreaterThan(2);
  });
});
