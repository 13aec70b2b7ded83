import fc from "fast-check";
import { expect, test } from "vitest";
import { Cursor } from "./cursor.ts";
import { Splices } from "./splices.ts";
import { Writer } from "./writer.ts";

test("splices cut and insert where they say, and lengths follow at every depth", () => {
  const edit = fc.record({ at: fc.nat(), cut: fc.nat(300), put: fc.uint8Array({ maxLength: 300 }) });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 1, max: 4 }),
      edit,
      (content, depth, { at, cut, put }) => {
        const nest = (inner: Uint8Array) =>
          Array.from({ length: depth }).reduce<Uint8Array>((body) => new Writer().bytes(3, body).finish(), inner);
        const body = nest(content);
        const splices = new Splices();
        let field = new Cursor(body);
        for (let level = 0; level < depth; level++) {
          if (level > 0) field = new Cursor(body).enter(field);
          field.next();
          splices.enter(field);
        }
        const from = content.length === 0 ? 0 : at % content.length;
        const removed = Math.min(cut, content.length - from);
        splices.replace(field.start + from, removed, put);
        for (let level = 0; level < depth; level++) splices.leave();
        const expected = Buffer.concat([content.subarray(0, from), put, content.subarray(from + removed)]);
        expect(Buffer.from(splices.apply(body)).equals(nest(expected))).toBe(true);
      },
    ),
  );
});

test("messages that are entered and left unchanged leave nothing behind", () => {
  const body = new Writer().bytes(1, new Writer().bytes(2, Buffer.from("x")).finish()).finish();
  const splices = new Splices();
  const outer = new Cursor(body);
  outer.next();
  splices.enter(outer);
  const inner = new Cursor(body).enter(outer);
  inner.next();
  splices.enter(inner);
  splices.leave();
  splices.leave();
  expect(splices.empty).toBe(true);
  expect(splices.apply(body)).toBe(body);
});
