import { expect, test } from "vitest";
import { Cursor } from "./cursor.ts";
import { Pieces } from "./pieces.ts";
import { Writer } from "./writer.ts";

/** A container (field 1) with a header (field 3) before and behind its children (field 2) of one byte each. */
const body = new Writer()
  .bytes(1, new Writer().text(3, "head").bytes(2, Uint8Array.of(1)).bytes(2, Uint8Array.of(2)).text(3, "tail").finish())
  .finish();

function pieces(maxItems: number, maxBytes: number) {
  const made = new Pieces(body, maxItems, maxBytes);
  const isChild = (field: Cursor) => field.is(2, 2);
  const outer = new Cursor(body);
  const inner = new Cursor(body);
  while (outer.next()) {
    made.enter(outer, inner, isChild);
    inner.enter(outer);
    while (inner.next()) if (isChild(inner)) made.add(inner.at, inner.stop, 1);
    made.leave();
  }
  return made.finish().map(({ items, body: bytes }) => `${items}: ${Buffer.from(bytes).toString("hex")}`);
}

const header = "1a0468656164" + "1a047461696c";

test("every piece repeats the header, in front", () => {
  expect(pieces(1, Number.POSITIVE_INFINITY)).toEqual([`1: 0a0f${header}120101`, `1: 0a0f${header}120102`]);
  expect(pieces(2, Number.POSITIVE_INFINITY)).toEqual([`2: 0a12${header}120101120102`]);
});

test("the size that is bounded is the exact size of the piece", () => {
  expect(pieces(9, 20).length).toBe(1);
  expect(pieces(9, 19).length).toBe(2);
  expect(pieces(9, 1).length).toBe(2);
});

test("a container without items is kept, and so is nothing at all", () => {
  const empty = Uint8Array.of(0x0a, 0, 0x0a, 0);
  const made = new Pieces(empty, 1, 100);
  const field = new Cursor(empty);
  while (field.next()) {
    made.enter(field, new Cursor(empty), () => false);
    made.leave();
  }
  expect(made.finish().map(({ items, body: bytes }) => [items, [...bytes]])).toEqual([[0, [...empty]]]);
  expect(new Pieces(new Uint8Array(0), 1, 1).finish()).toEqual([{ items: 0, body: Buffer.alloc(0) }]);
});
