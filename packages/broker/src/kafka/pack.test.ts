import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { textRecord } from "./batch.cases.ts";
import { CODECS } from "./codecs/table.ts";
import { pack } from "./pack.ts";

const turn = async () => undefined;
const long = textRecord("round ".repeat(1_000));

test("records are compressed as is said, and values in pieces with them", async () => {
  expect(await pack([long], "none", turn)).toBeUndefined();
  const packed = await pack([long, { ...long, value: [Buffer.from("a"), Buffer.alloc(5_000)] }], "zstd", turn);
  expect(packed?.codec).toBe(CODECS.zstd.id);
  expect(packed?.pieces.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(300);
});

// The pieces are sent after what they were made of has been given back.
test("nothing of the records is left in it", async () => {
  const records = [{ ...long, value: Buffer.concat([randomBytes(3 << 20), Buffer.alloc(1 << 20)]) }];
  const packed = await pack(records, "lz4", turn);
  expect(packed?.pieces.every(({ length }) => length > 0)).toBe(true);
  const whole = Buffer.concat(packed?.pieces ?? []);
  expect((await CODECS.lz4.inflate(whole, 5 << 20, turn)).includes(records[0]?.value.subarray(0, 99) ?? "")).toBe(true);
});

test.each(["gzip", "snappy", "lz4", "zstd"] as const)("what %s does not make smaller goes as it is", async (name) => {
  expect(await pack([{ ...long, value: randomBytes(20_000) }], name, turn)).toBeUndefined();
  expect(await pack([textRecord("short")], name, turn)).toBeUndefined();
});
