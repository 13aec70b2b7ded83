import { expect, test } from "vitest";
import { sprintf } from "./go-printf.ts";
import type { Value } from "./value.ts";

// Every expectation of this table was printed by Go's fmt.Sprintf.
test.each<[string, readonly Value[], string]>([
  ["%.2f", [1.005], "1.00"],
  ["%5.1f|%-8.2f|%08.3f|%+.1e", [2.5, 2.5, 2.5, 2.5], "  2.5|2.50    |0002.500|+2.5e+00"],
  ["%08.2f", [-2.5], "-0002.50"],
  ["%g %G %E", [1e6, 1e6, 1e6], "1e+06 1E+06 1.000000E+06"],
  ["%v %+v % v", [1.5, 1.5, 1.5], "1.5 1.5  1.5"],
  ["%f|%5f|%05f", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], "NaN| +Inf| -Inf"],
  ["%d %5d %-5d| %05d %+d % d", [42n, 42n, 42n, -42n, 5n, 5n], "42    42 42   | -0042 +5  5"],
  ["%x %X %#x %o %b %c %.3d", [255n, 255n, 255n, 8n, 5n, 65n, 7n], "ff FF 0xff 10 101 A 007"],
  ["%s|%6s|%-6s|%.1s", ["ab", "ab", "ab", "ab"], "ab|    ab|ab    |a"],
  ["%q %x %X", ['a"b\n', "ab", "ab"], '"a\\"b\\n" 6162 6162'],
  ["%t %v", [true, false], "true false"],
  ["%T %T %T", [1.5, 1n, "a"], "float64 int string"],
  ["%*d|%.*f", [5n, 42n, 1n, 2.55], "   42|2.5"],
  ["100%%", [], "100%"],
  ["%d", [1.5], "%!d(float64=1.5)"],
  ["%s", [1.5], "%!s(float64=1.5)"],
  ["%f", [1n], "%!f(int=1)"],
  ["%s", [], "%!s(MISSING)"],
  ["%", [], "%!(NOVERB)"],
  ["a", [1n, "b"], "a%!(EXTRA int=1, string=b)"],
  ["%v %s", [null, null], "<nil> %!s(<nil>)"],
  [
    "%s %v",
    [
      { kind: "duration", seconds: 90 },
      { kind: "duration", seconds: 0.5 },
    ],
    "1m30s 500ms",
  ],
])("%s of %s", (format, args, text) => {
  expect(sprintf(format, args)).toBe(text);
});

test("a width and a precision have an end", () => {
  expect(sprintf("%99999999s|%.99999999f", ["a", 0.5]).length).toBeLessThan(3_000);
});
