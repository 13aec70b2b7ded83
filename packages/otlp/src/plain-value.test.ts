import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue } from "./any-value.ts";
import { decodeRequest, encodeRequest } from "./codec.ts";
import { Cursor, Wire } from "./cursor.ts";
import { ITEM_ATTRIBUTES } from "./layout.ts";
import { plainValue } from "./plain-value.ts";
import { atLeast, KEYS, requests } from "./request.cases.ts";
import { attributeOf, forEachItem } from "./walk.ts";
import { Writer } from "./writer.ts";

/** The values of the attributes of log records, spelled in every way there is. */
const values = requests("logs").map((body) => {
  const found: Uint8Array[] = [];
  forEachItem("logs", body, (item) => {
    for (const key of KEYS) {
      const value = attributeOf(item.slice(), ITEM_ATTRIBUTES.logs, Buffer.from(key));
      if (value !== undefined) found.push(value);
    }
  });
  return found;
});

/** A request whose only log record has the value as its body. */
function asBody(value: Uint8Array): Uint8Array {
  return [5, 2, 2, 1].reduce((inner, field) => new Writer().bytes(field, inner).finish(), value);
}

/** The bytes of the body of a request's only log record, empty without one. */
function bodyOf(request: Uint8Array): Uint8Array {
  let body = new Uint8Array(0);
  forEachItem("logs", request, (item) => {
    const field = new Cursor(item.bytes).enter(item);
    while (field.next()) if (field.is(5, Wire.bytes)) body = Uint8Array.from(field.slice());
  });
  return body;
}

/** Without `keyStrindex`, which has a meaning in profiles only. */
function withoutIndices(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(withoutIndices);
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return message;
  const fields = Object.entries(message).filter(([name]) => name !== "keyStrindex");
  return Object.fromEntries(fields.map(([name, value]) => [name, withoutIndices(value)]));
}

test("a plain value means what the value means, and all spellings have one", () => {
  fc.assert(
    fc.property(values, (some) => {
      for (const value of some) {
        const plain = plainValue(value);
        const read = decodeRequest("logs", asBody(value));
        expect(withoutIndices(decodeRequest("logs", asBody(plain)))).toEqual(withoutIndices(read));
        // What the codec writes of it is another spelling.
        const again = bodyOf(encodeRequest("logs", read));
        expect(Buffer.from(plainValue(again)).equals(plain)).toBe(true);
      }
    }),
    atLeast(500),
  );
});

test("what a later member replaced is gone, and numbers are as short as they can be", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const spelled = Buffer.concat([anyValue(0.5), anyValue(7n), Buffer.from("1081808000", "hex")]);
  expect(hex(plainValue(spelled))).toBe(hex(anyValue(true)));
  expect(hex(plainValue(Buffer.from("18878000", "hex")))).toBe(hex(anyValue(7)));
});
