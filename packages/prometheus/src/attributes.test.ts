import { anyValue, Cursor, keyValue } from "@rondo/otlp";
import { expect, test } from "vitest";
import { AttributeKey, attributesOf } from "./attributes.ts";

const field = (number: number, body: Uint8Array) => Buffer.concat([Buffer.from([number * 8 + 2, body.length]), body]);
const pair = (key: string, value: string | number) => field(7, keyValue(Buffer.from(key), anyValue(value)));
const other = field(3, Buffer.from("other"));

test("reads the attributes of a message as text", () => {
  const message = Buffer.concat([pair("a", "x"), other, pair("b", 2), field(7, Buffer.of())]);
  expect(attributesOf(new Cursor(message), 7)).toEqual([
    ["a", "x"],
    ["b", "2"],
    ["", ""],
  ]);
});

function keyOf(body: Buffer): string {
  const key = new AttributeKey();
  const cursor = new Cursor(body);
  while (cursor.next()) if (cursor.field === 7) key.add(cursor, body);
  return key.of(body);
}

test("the key is the bytes of the attributes, wherever they stand, and nothing else", () => {
  const [a, b] = [pair("a", "x"), pair("b", "y")];
  const together = keyOf(Buffer.concat([a, b]));
  expect(keyOf(Buffer.concat([other, a, b, other]))).toBe(together);
  expect(keyOf(Buffer.concat([a, other, b]))).toBe(together);
  expect(keyOf(Buffer.concat([b, a]))).not.toBe(together);
  expect(keyOf(other)).toBe("");
});

test("a key begins anew after a reset", () => {
  const body = Buffer.concat([pair("a", "x")]);
  const key = new AttributeKey();
  const cursor = new Cursor(body);
  cursor.next();
  key.add(cursor, body);
  key.reset();
  expect(key.of(body)).toBe("");
});
