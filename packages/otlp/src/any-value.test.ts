import fc from "fast-check";
import { expect, test } from "vitest";
import { ANY, anyValue, keyValue, memberOf, type Value } from "./any-value.ts";
import { type DecodedValue, decodedItems, decodeRequest } from "./codec.ts";
import { Writer } from "./writer.ts";

/** What the codec reads of an encoded AnyValue, as the body of a log record. */
function decoded(bytes: Uint8Array): DecodedValue | undefined {
  const wrap = (field: number, inner: Uint8Array) => new Writer().bytes(field, inner).finish();
  const body = wrap(1, wrap(2, wrap(2, wrap(5, bytes))));
  return [...decodedItems("logs", decodeRequest("logs", body))][0]?.item.body;
}

function plain(value: DecodedValue | undefined): Value {
  if (value?.arrayValue) return value.arrayValue.values.map(plain);
  if (value?.kvlistValue)
    return new Map(value.kvlistValue.values.map((entry) => [entry.key ?? "", plain(entry.value)]));
  return value?.stringValue ?? value?.boolValue ?? value?.intValue ?? value?.doubleValue ?? value?.bytesValue ?? null;
}

const scalars = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double().filter((value) => !Number.isSafeInteger(value) || Object.is(value, -0)),
  fc.uint8Array(),
  fc.constant(null),
);
const { value: values } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalars,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  ),
}));

test("the codec reads what was meant", () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(plain(decoded(anyValue(value)))).toEqual(value);
    }),
  );
});

test("integral numbers are ints, others doubles", () => {
  expect(decoded(anyValue(5))).toEqual({ intValue: 5n });
  expect(decoded(anyValue(-5))).toEqual({ intValue: -5n });
  expect(decoded(anyValue(0.5))).toEqual({ doubleValue: 0.5 });
  expect(decoded(anyValue(2 ** 60))).toEqual({ doubleValue: 2 ** 60 });
  expect(() => anyValue(2n ** 63n)).toThrow(RangeError);
});

test("the last member counts, and fragments of a list are one", () => {
  const text = anyValue("x");
  const list = anyValue(["a"]);
  expect(memberOf(Buffer.concat([text, anyValue(1)]))?.field).toBe(ANY.int);
  expect(memberOf(Buffer.concat([anyValue(1), text]))?.text()).toBe("x");
  expect(memberOf(new Uint8Array(0))).toBeUndefined();
  const merged = memberOf(Buffer.concat([text, list, list]));
  expect(Buffer.from(merged?.slice() ?? [])).toEqual(Buffer.from(anyValue(["a", "a"]).subarray(2)));
  expect(Buffer.from(memberOf(Buffer.concat([list, text, list]))?.slice() ?? [])).toEqual(
    Buffer.from(list.subarray(2)),
  );
});

test("a key and its value are a KeyValue", () => {
  expect(Buffer.from(keyValue(Buffer.from("k"), anyValue(true))).toString("hex")).toBe("0a016b12021001");
});
