import { expect, test } from "vitest";
import { decodeHeader, encodeRecords, HEADER_BYTES } from "./frame.ts";
import { type Pending, placeGroup } from "./place-group.ts";
import { Positions } from "./segment.ts";

const SALT = 3;
const pendingOf = (stream: number, texts: readonly string[]): Pending => {
  const records = texts.map((text) => ({ headers: {}, value: Buffer.from(text) }));
  const nothing = () => undefined;
  return { stream, records, body: encodeRecords(records, SALT), check: nothing, resolve: nothing, reject: nothing };
};

test("offsets go on per stream, timestamps never back, and positions are those of the bytes", () => {
  const positions = new Positions();
  positions.move(1, 40, 9000);
  const group = [pendingOf(1, ["a", "b"]), pendingOf(0, ["c"]), pendingOf(1, ["d"])];
  const { chunks, placed } = placeGroup(group, positions, { now: 8000, position: 500, synced: 500, salt: SALT });
  expect(placed.map(({ appended }) => appended)).toEqual([
    { baseOffset: 40, timestamp: 9000 },
    { baseOffset: 0, timestamp: 8000 },
    { baseOffset: 42, timestamp: 9000 },
  ]);
  const bytes = Buffer.concat(chunks);
  for (const { pending, appended, position } of placed) {
    const header = decodeHeader(bytes.subarray(position - 500, position - 500 + HEADER_BYTES), SALT);
    expect(header).toMatchObject({ stream: pending.stream, base: appended.baseOffset, synced: 500 });
  }
});

test("nothing is used up by placing", () => {
  const positions = new Positions();
  placeGroup([pendingOf(0, ["a"])], positions, { now: 1, position: 0, synced: 0, salt: SALT });
  expect(positions.next(0)).toBe(0);
});
