import { countItems } from "@rondo/otlp";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { idsIn, namedSpans } from "./named-spans.ts";

test("what is written by hand is what the codec reads: one span per name, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 300 })), (names) => {
      const body = namedSpans(names);
      expect(countItems("traces", body)).toBe(names.length);
      const spans = decodeRequest("traces", body).resourceSpans[0]?.scopeSpans?.[0]?.spans ?? [];
      // Lone surrogates are not UTF-8; both sides write the replacement character for them.
      expect(spans.map(({ name = "" }) => name)).toEqual(names.map((name) => Buffer.from(name).toString()));
    }),
  );
});

test("ids are found wherever they stand, in requests that were joined too", () => {
  const ids = [7, 0, 123456];
  const body = namedSpans(ids.map((id) => `id-${id};`));
  expect(idsIn(body)).toEqual(ids);
  expect(idsIn(Buffer.concat([body, namedSpans(["id-8;", "no id", "id-9"])]))).toEqual([...ids, 8]);
});

test("no names make a request without spans", () => {
  expect(countItems("traces", namedSpans([]))).toBe(0);
  expect([...decodedItems("traces", decodeRequest("traces", namedSpans([])))]).toEqual([]);
});
