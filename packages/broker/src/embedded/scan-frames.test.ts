import fc from "fast-check";
import { expect, test } from "vitest";
import type { OpenFile } from "./file-system.ts";
import { bodyOf, encodeHeader } from "./frame.ts";
import { scanFrames } from "./scan-frames.ts";

const SALT = 9;

/** A file that is these bytes. */
function fileOf(bytes: Buffer): OpenFile {
  const never = () => Promise.reject(new Error("only read here"));
  return {
    async read(into, position) {
      return bytes.copy(into, 0, position, position + into.length);
    },
    writev: never,
    datasync: never,
    truncate: never,
    hasName: async () => true,
    size: async () => bytes.length,
    close: async () => undefined,
  };
}

function frameOf(base: number, value: Buffer): Buffer {
  const body = bodyOf([value], SALT);
  const header = { kind: "records" as const, stream: 1, base, count: 1, timestamp: 5, synced: 0 };
  return Buffer.concat([encodeHeader({ ...header, bodyLength: body.length, bodyCrc: body.crc }, SALT), ...body.chunks]);
}

async function found(bytes: Buffer, limit = bytes.length): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const one of scanFrames(fileOf(bytes), 0, limit, SALT)) {
    all.push(one.kind === "gap" ? `gap ${one.from}-${one.to}` : `${one.header.base}@${one.position}`);
  }
  return all;
}

test("yields frames and gaps without holes, across the borders of its window", async () => {
  const large = Buffer.alloc((1 << 20) - 100, "RBF1");
  const parts = [frameOf(0, large), Buffer.from("garbage"), frameOf(1, large), frameOf(2, Buffer.of())];
  const ends = parts.map((_, index) => parts.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0));
  expect(await found(Buffer.concat(parts))).toEqual([
    "0@0",
    `gap ${ends[0]}-${ends[1]}`,
    `1@${ends[1]}`,
    `2@${ends[2]}`,
  ]);
});

test("whatever is damaged, all frames that are whole are found and everything is covered", async () => {
  const values = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(values, fc.nat(), fc.nat(255), fc.nat(), async (all, where, mask, cut) => {
      const frames = all.map((value, index) => frameOf(index, Buffer.from(value)));
      const starts = frames.map((_, index) => frames.slice(0, index).reduce((sum, { length }) => sum + length, 0));
      const bytes = Buffer.concat(frames);
      const at = where % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      const limit = cut % (bytes.length + 1);
      const expected = starts.flatMap((start, index) => {
        const end = start + (frames[index]?.length ?? 0);
        const damaged = mask !== 0 && at >= start && at < end;
        return damaged || end > limit ? [] : [`${index}@${start}`];
      });
      const scanned = await found(bytes, limit);
      expect(scanned.filter((one) => !one.startsWith("gap"))).toEqual(expected);
      const gaps = scanned.flatMap((one) => {
        const [, from, to] = /^gap (\d+)-(\d+)$/.exec(one) ?? [];
        return from === undefined ? [] : [Number(to) - Number(from)];
      });
      const whole = expected.reduce((sum, one) => sum + (frames[Number.parseInt(one, 10)]?.length ?? 0), 0);
      expect(gaps.reduce((sum, one) => sum + one, whole)).toBe(limit);
    }),
  );
});
