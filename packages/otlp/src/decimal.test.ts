import fc from "fast-check";
import { expect, test } from "vitest";
import { Decimal, putDecimal, putDigits, spelledInteger } from "./decimal.ts";
import { viewOf } from "./key-table.ts";
import { Writer } from "./writer.ts";

const edges = [0n, 9n, 10n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 10n ** 11n, 10n ** 18n, 2n ** 63n, 2n ** 64n - 1n];
const bits64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(...edges.flatMap((edge) => [edge, edge + 1n, edge - 1n]).filter((n) => n >= 0n && n < 2n ** 64n)),
  fc.nat().map(BigInt),
);

function read(text: string): { readonly value: bigint; readonly stop: number } | undefined {
  const bytes = Buffer.from(text);
  const decimal = new Decimal();
  if (!decimal.read(viewOf(bytes), 0, bytes.length)) return undefined;
  const magnitude = (BigInt(decimal.high) << 32n) | BigInt(decimal.low);
  return { value: decimal.negative ? -magnitude : magnitude, stop: decimal.stop };
}

test("digits become the integer that they spell, and the integer its digits", () => {
  fc.assert(
    fc.property(bits64, fc.boolean(), fc.constantFrom("", '"', ",1", ".5"), (magnitude, negative, behind) => {
      const value = negative ? -magnitude : magnitude;
      const text = `${negative ? "-" : ""}${magnitude}`;
      expect(read(text + behind)).toEqual({ value, stop: text.length });
      const out = new Uint8Array(20);
      const high = Number(magnitude >> 32n);
      const stop = putDecimal(out, 0, high, Number(magnitude & 0xffffffffn));
      expect(Buffer.from(out.subarray(0, stop)).toString()).toBe(`${magnitude}`);
      const again = new Decimal();
      again.set(value);
      expect([again.negative, again.high]).toEqual([value < 0n, high]);
    }),
    { numRuns: 2_000 },
  );
});

test("small numbers too", () => {
  const out = new Uint8Array(16);
  for (const value of [0, 7, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1])
    expect(Buffer.from(out.subarray(0, putDigits(out, 0, value))).toString()).toBe(String(value));
});

test.each(["", "-", "x", "-x", "18446744073709551616", "99999999999999999999", "000000000000000000000"])(
  "%j is no such integer",
  (text) => expect(read(text)).toBeUndefined(),
);

test("zero has no sign, leading zeros count as digits", () => {
  expect(read("-0000000000000")).toEqual({ value: 0n, stop: 14 });
  expect(read("-0")).toEqual({ value: 0n, stop: 2 });
  expect(read("0000000000000000042")).toEqual({ value: 42n, stop: 19 });
});

test("integers on the wire, varint and fixed, are those that the cursor reads", () => {
  const value = (decimal: Decimal) => {
    const magnitude = (BigInt(decimal.high) << 32n) | BigInt(decimal.low);
    return decimal.negative ? -magnitude : magnitude;
  };
  fc.assert(
    fc.property(bits64, (bits) => {
      const decimal = new Decimal();
      const out = new Writer().varint64(bits).finish();
      decimal.setVarint(out, 0, out.length, true);
      expect(value(decimal)).toBe(BigInt.asIntN(64, bits));
      decimal.setVarint(out, 0, out.length, false);
      expect(value(decimal)).toBe(bits);
      const fixed = new Writer().fixed64(bits).finish();
      decimal.setFixed(fixed, 0, 64, true);
      expect(value(decimal)).toBe(BigInt.asIntN(64, bits));
      decimal.setFixed(fixed, 0, 64, false);
      expect(value(decimal)).toBe(bits);
      decimal.setFixed(fixed, 0, 32, true);
      expect(value(decimal)).toBe(BigInt.asIntN(32, bits));
      decimal.setFixed(fixed, 4, 32, false);
      expect(value(decimal)).toBe(bits >> 32n);
    }),
  );
});

test.each<[string, bigint]>([
  ["5.0", 5n],
  ["-5e3", -5000n],
  ["1.7e18", 1_700_000_000_000_000_000n],
  ["1.700000000123456789E+18", 1_700_000_000_123_456_789n],
  ["1234500e-2", 12345n],
  ["0.0e9", 0n],
  ["-0e-9", 0n],
  ["0010.50e1", 105n],
  ["1e999999999", 10n ** 64n],
])("%s is an integer", (text, value) => expect(BigInt(spelledInteger(text) ?? 0.5)).toBe(value));

test("a spelling is the integer that it is exactly, short or long, or none", () => {
  const digits = fc.oneof(fc.nat(999), fc.bigInt({ min: 0n, max: 10n ** 17n })).map(String);
  fc.assert(
    fc.property(
      fc.boolean(),
      digits,
      digits,
      fc.integer({ min: -20, max: 20 }),
      (negative, whole, fraction, exponent) => {
        const text = `${negative ? "-" : ""}${whole}.${fraction}e${exponent}`;
        const scaled = BigInt(whole + fraction) * (negative ? -1n : 1n);
        const zeros = exponent - fraction.length;
        const unit = 10n ** BigInt(Math.abs(zeros));
        const exact = zeros >= 0 ? scaled * unit : scaled % unit === 0n ? scaled / unit : undefined;
        const value = spelledInteger(text);
        expect(value === undefined ? undefined : BigInt(value)).toBe(exact);
        if (value === undefined || BigInt.asUintN(64, exact ?? 0n) !== exact) return;
        const decimal = new Decimal();
        decimal.set(value);
        expect((BigInt(decimal.high) << 32n) | BigInt(decimal.low)).toBe(exact);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a fraction that no double tells from an integer is none", () => {
  for (const text of ["1e-400", "0.1e-400", "1.0000000000000001", "9007199254740992.5"]) {
    expect(spelledInteger(text)).toBeUndefined();
  }
});

test("a number is taken over as a bigint is", () => {
  for (const value of [0, 7, -7, 2 ** 32, -(2 ** 32) - 5, 1e15 - 1]) {
    const [one, other] = [new Decimal(), new Decimal()];
    one.set(value);
    other.set(BigInt(value));
    expect(one).toEqual(other);
  }
});

test.each(["", "1.5", "1e-1", "1.", ".5", "0x10", " 1", "1_0", "NaN", "e5", "1".repeat(65)])("%j is none", (text) =>
  expect(spelledInteger(text)).toBeUndefined(),
);

test("no other byte passes for a digit, wherever it stands", () => {
  for (let byte = 0; byte < 256; byte++) {
    if (byte >= 0x30 && byte <= 0x39) continue;
    for (let at = 1; at < 20; at++) {
      const text = Buffer.from("12345678901234567890");
      text[at] = byte;
      const decimal = new Decimal();
      expect(decimal.read(viewOf(text), 0, text.length)).toBe(true);
      expect(decimal.stop).toBe(at);
    }
  }
});
