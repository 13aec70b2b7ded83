import fc from "fast-check";
import { expect, test } from "vitest";
import { Cursor } from "./cursor.ts";
import { anyRequest } from "./request.cases.ts";
import { usualField, usualStart } from "./usual-field.ts";
import { Writer } from "./writer.ts";

/** The end and start of the first field, as a cursor has them; undefined where it throws. */
function byCursor(bytes: Uint8Array, at: number, end: number): readonly [number, number] | undefined {
  const cursor = new Cursor(bytes, at, end);
  try {
    return cursor.next() ? [cursor.stop, cursor.start] : undefined;
  } catch {
    return undefined;
  }
}

test("what is usual ends where a cursor says, whatever the bytes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.uint8Array({ minLength: 1, maxLength: 400, max: 0x92 }),
    anyRequest.map(([, body]) => body),
  );
  fc.assert(
    fc.property(bytes, fc.nat(), fc.nat(), (body, some, other) => {
      const [at = 0, end = 0] = [some, other].map((place) => place % (body.length + 1)).sort((a, b) => a - b);
      const stop = usualField(body, at, end);
      if (at === end || stop < 0) return;
      const expected = byCursor(body, at, end);
      expect(stop).toBe(expected?.[0]);
      if ((body[at] ?? 0) < 0x80 && ((body[at] ?? 0) & 7) === 2) expect(usualStart(body, at)).toBe(expected?.[1]);
    }),
  );
});

test.each([
  ["varint", new Writer().tag(1, 0).varint(5)],
  ["fixed64", new Writer().tag(2, 1).fixed64(5n)],
  ["fixed32 of a high number", new Writer().tag(16, 5).fixed32(5)],
  ["bytes", new Writer().bytes(3, new Uint8Array(127))],
  ["long bytes", new Writer().bytes(3, new Uint8Array(16_383))],
])("usual: %s", (_, field) => {
  expect(usualField(field.finish(), 0, field.length)).toBe(field.length);
});

test.each([
  ["a long varint", "08ff01"],
  ["a length of three bytes", `1a808001${"00".repeat(16_384)}`],
  ["a group", "0b0c"],
  ["field number 0", "0200"],
  ["a tag in more bytes than it needs", "8a0000"],
  ["the end of the message", "1a02ff"],
])("left to the cursor: %s", (_, hex) => {
  const bytes = Buffer.from(hex, "hex");
  expect(usualField(bytes, 0, bytes.length)).toBe(-1);
});
