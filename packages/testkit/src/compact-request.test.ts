import { countItems } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { countCompact, requestBytes, VARIANTS } from "./compact-request.ts";

const compact = [{ resource: { a: 1n }, scope: "s", items: [{ x: 1.0 }, { y: [true, null] }] }, { items: [{}] }];

test.each(VARIANTS)("$name: every item is written", (variant) => {
  expect(countItems(variant.signal, requestBytes(compact, variant))).toBe(countCompact(compact));
});

test("values have the type that they are written with", () => {
  const [traces] = VARIANTS;
  const [first, second] = decodeRequest("traces", requestBytes(compact, traces)).resourceSpans;
  expect(first?.resource?.attributes).toEqual([{ key: "a", value: { intValue: 1n } }]);
  expect(first?.scopeSpans[0]?.spans.map((span) => span.attributes)).toMatchObject([
    [{ key: "x", value: { doubleValue: 1 } }],
    [{ key: "y", value: { arrayValue: { values: [{ boolValue: true }, {}] } } }],
  ]);
  expect(second?.resource).toBeUndefined();
});
