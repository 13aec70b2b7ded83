import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest } from "./codec.ts";
import { removeItems } from "./remove-items.ts";
import { anyRequest } from "./request.cases.ts";
import type { Signal } from "./signal.ts";

const items = (signal: Signal, body: Uint8Array) =>
  [...decodedItems(signal, decodeRequest(signal, body))].map(({ item }) => item);

test("takes out what is named and leaves the rest as it was", () => {
  fc.assert(
    fc.property(anyRequest, fc.func(fc.boolean()), ([signal, body], gone) => {
      const before = items(signal, body);
      const after = removeItems(signal, body, gone);
      expect(items(signal, after)).toEqual(before.filter((_, index) => !gone(index)));
    }),
  );
});

test("the same bytes when none is named", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      expect(removeItems(signal, body, () => false)).toBe(body);
    }),
  );
});
