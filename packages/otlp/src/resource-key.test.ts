import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue, keyValue } from "./any-value.ts";
import { resourceKey } from "./resource-key.ts";
import { Writer } from "./writer.ts";

const pairs = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 4 }), fc.oneof(fc.string({ maxLength: 4 }), fc.nat())), {
  selector: ([key]) => key,
  maxLength: 5,
});
const resource = (list: readonly (readonly [string, string | number])[], out = new Writer()) => {
  for (const [key, value] of list) out.bytes(1, keyValue(Buffer.from(key), anyValue(value)));
  return out.finish();
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("is equal whatever the order, and differs for any other attributes", () => {
  const shuffled = pairs.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(
    fc.property(shuffled, pairs, ([one, again], other) => {
      const key = hex(resourceKey(resource(one)));
      expect(hex(resourceKey(resource(again)))).toBe(key);
      const asText = (list: typeof one) => JSON.stringify([...list].sort(([a], [b]) => (a < b ? -1 : 1)));
      expect(hex(resourceKey(resource(other))) === key).toBe(asText(other) === asText(one));
    }),
  );
});

test("takes the first of a key that repeats, and nothing but attributes", () => {
  const key = hex(resourceKey(resource([["a", 1]])));
  const rest = new Writer().tag(2, 0).varint(7).text(30, "unknown");
  expect(hex(resourceKey(resource([["a", 1], ["a", 2]], rest)))).toBe(key); // biome-ignore format: one line
  expect(hex(resourceKey(resource([["a", "1"]])))).not.toBe(key);
});
