import fc from "fast-check";
import { expect, test } from "vitest";
import { Cursor, Wire } from "./cursor.ts";
import { joinedFields, type StartOf } from "./joined-fields.ts";
import { Writer } from "./writer.ts";

const startOfTwos: StartOf = (field) => (field.is(2, Wire.bytes) ? field.start : -1);

test("joins the values of the fields that count, in order, and leaves the message around it alone", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.uint8Array({ maxLength: 40 }))), (fields) => {
      const out = new Writer().bytes(2, Buffer.from("before"));
      const begin = out.finish().length;
      for (const [field, value] of fields) out.bytes(field, value);
      const end = out.finish().length;
      const body = out.bytes(2, Buffer.from("behind")).finish();
      const wanted = Buffer.concat(fields.flatMap(([field, value]) => (field === 2 ? [value] : [])));
      expect(Buffer.from(joinedFields(new Cursor(body, begin, end), startOfTwos)).equals(wanted)).toBe(true);
    }),
  );
});

test("one field is not copied, and no field is nothing", () => {
  const body = new Writer().bytes(1, Buffer.from("a")).bytes(2, Buffer.from("b")).finish();
  const one = joinedFields(new Cursor(body), startOfTwos);
  expect(Buffer.from(one).toString()).toBe("b");
  expect(one.buffer).toBe(body.buffer);
  expect(joinedFields(new Cursor(body), () => -1)).toHaveLength(0);
});
