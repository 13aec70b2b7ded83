import fc from "fast-check";
import { expect, test } from "vitest";
import { attributesText, canonical } from "./canonical.ts";

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

test("field order, attribute order and absent fields leave no trace", () => {
  const one = { name: "a", droppedCount: 0, attributes: [text("b", "2"), text("a", "1")], status: null };
  const other = { attributes: [text("a", "1"), text("b", "2")], name: "a", traceState: "" };
  expect(canonical(one)).toBe(canonical(other));
});

test("a zero that was set differs from a value that was not", () => {
  expect(canonical({ asInt: 0 })).not.toBe(canonical({}));
  expect(canonical({ stringValue: "" })).not.toBe(canonical({}));
  expect(canonical({ timeUnixNano: 0 })).toBe(canonical({}));
});

test("neighbouring 64-bit numbers stay apart", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 2n }), (value) => {
      expect(canonical({ asInt: value })).not.toBe(canonical({ asInt: value + 1n }));
    }),
  );
});

test("every double keeps its value, signed zero and the infinities included", () => {
  const doubles = [0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE];
  expect(new Set(doubles.map((one) => canonical({ asDouble: one }))).size).toBe(doubles.length);
});

test("types that look alike stay apart", () => {
  const values = [
    { stringValue: "1" },
    { intValue: 1 },
    { doubleValue: 1 },
    { boolValue: true },
    { bytesValue: new Uint8Array([1]) },
  ];
  expect(new Set(values.map((value) => attributesText([{ key: "k", value }]))).size).toBe(values.length);
});

test("ignored keys are left out, others are not", () => {
  const attributes = [text("environment", "production"), text("deployment.environment", "development")];
  expect(attributesText(attributes, new Set(["environment"]))).toBe(
    '["deployment.environment"={stringValue:"development"}]',
  );
});

test("what no message can hold is refused", () => {
  expect(() => canonical(() => 1)).toThrow("no OTLP message holds a function");
});
