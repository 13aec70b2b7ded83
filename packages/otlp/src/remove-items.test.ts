import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest } from "./codec.ts";
import { removeItems } from "./remove-items.ts";
import { anyRequest } from "./request.cases.ts";
import type { Signal } from "./signal.ts";
import { Writer } from "./writer.ts";

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

test("the same bytes when there is nothing to take out", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      const dense = removeItems(signal, body, () => false);
      expect(items(signal, dense)).toEqual(items(signal, body));
      expect(removeItems(signal, dense, () => false)).toBe(dense);
      expect(dense.length <= body.length).toBe(true);
    }),
  );
});

test("what holds no items goes with them, and what stands beside it stays", () => {
  const scope = (...content: readonly number[]) => new Writer().bytes(2, Uint8Array.from(content)).finish();
  const resource = (...scopes: readonly Uint8Array[]) => new Writer().bytes(1, Buffer.concat(scopes)).finish();
  const item = [0x12, 2, 0x18, 1];
  const kept = resource(scope(0x0a, 0, ...item));
  const stray = new Writer().text(15, "stray").finish();
  const body = Buffer.concat([
    resource(scope(...item, ...item), scope(0x0a, 0)),
    kept,
    stray,
    resource(),
    resource(scope(...item), scope(0x0a, 0, ...item)),
  ]);
  expect(removeItems("logs", body, (index) => index < 2 || index === 3)).toEqual(Buffer.concat([kept, stray, kept]));
  expect(removeItems("logs", body, () => true)).toEqual(Buffer.from(stray));
});
