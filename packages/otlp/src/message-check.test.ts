import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue } from "./any-value.ts";
import { messageId } from "./field-codes.ts";
import { MessageCheck } from "./message-check.ts";
import { atLeast } from "./request.cases.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

const PAIR = messageId("KeyValue");
const LIST = messageId("KeyValueList");

/** Whether a message is sound. */
function takes(id: number, bytes: Uint8Array): boolean {
  try {
    new MessageCheck(bytes).message(id, 0, bytes.length, 0);
    return true;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return false;
  }
}

test("the short cut for usual attributes takes what the long way takes", () => {
  const values = [
    anyValue("text"),
    anyValue(-1),
    anyValue(300),
    anyValue(true),
    anyValue(0.5),
    anyValue(["x"]),
    new Uint8Array(0),
  ];
  const change = fc.tuple(fc.nat(30), fc.nat(255));
  fc.assert(
    fc.property(fc.constantFrom(...values), fc.array(change, { maxLength: 2 }), (value, changes) => {
      const pair = Buffer.from(new Writer().text(1, "key").bytes(2, value).finish());
      for (const [at, byte] of changes) if (at < pair.length) pair[at] = byte;
      // As an element of a list the pair meets the short cut, as a message of its own it does not.
      expect(takes(LIST, new Writer().bytes(1, pair).finish())).toBe(takes(PAIR, pair));
    }),
    atLeast(3000),
  );
});

test("packed and single numbers are both read, halves of one are not", () => {
  const point = messageId("HistogramDataPoint");
  expect(takes(point, new Writer().bytes(6, new Uint8Array(16)).tag(6, 1).fixed64(1n).finish())).toBe(true);
  expect(takes(point, new Writer().bytes(6, new Uint8Array(15)).finish())).toBe(false);
  const buckets = messageId("ExponentialHistogramDataPoint.Buckets");
  expect(
    takes(
      buckets,
      new Writer()
        .bytes(2, Uint8Array.of(0x80, 1, 5))
        .tag(2, 0)
        .varint(7)
        .finish(),
    ),
  ).toBe(true);
  expect(takes(buckets, new Writer().bytes(2, Uint8Array.of(5, 0x80)).finish())).toBe(false);
});

test("a byte that is no UTF-8 is found wherever it stands in a name", () => {
  for (let length = 1; length <= 13; length++) {
    for (let place = -1; place < length; place++) {
      const key = Buffer.alloc(length, "k");
      if (place >= 0) key[place] = 0xff;
      // Bytes around the key that are not ASCII either, so that reading too far is noticed as well.
      const pair = new Writer()
        .bytes(1, key)
        .bytes(2, Buffer.from([0x0a, 1, 0xff]))
        .finish();
      const body = Buffer.concat([Buffer.alloc(3, 0xff), new Writer().bytes(1, pair).finish(), Buffer.alloc(8, 0xff)]);
      const check = new MessageCheck(body);
      check.message(LIST, 3, body.length - 8, 0);
      expect(check.flaw, `${length}/${place}`).toBe(place < 0 ? undefined : "name_utf8");
    }
  }
});

test("field number 0 is none, in messages with attributes and in others", () => {
  const zero = new Writer()
    .text(1, "k")
    .bytes(2, Buffer.from([0x0a, 1, 0x76]))
    .finish();
  const field = Buffer.concat([Buffer.from([0, zero.length]), zero]);
  for (const name of ["Span", "AnyValue", "Status", "Resource"]) expect(takes(messageId(name), field)).toBe(false);
});
