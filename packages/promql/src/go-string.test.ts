import fc from "fast-check";
import { expect, test } from "vitest";
import { quote, unquote } from "./go-string.ts";

test("a literal means what Go makes of it", () => {
  const literals: Readonly<Record<string, string>> = {
    '"plain"': "plain",
    "'it\\'s'": "it's",
    '"a\\tb\\n\\\\"': "a\tb\n\\",
    '"\\x41\\101\\u00e9\\U0001F600"': "AAé😀",
    '"\\xc3\\xa9"': "é",
    "`raw \\n stays`": "raw \\n stays",
    '""': "",
  };
  for (const [literal, text] of Object.entries(literals)) expect(unquote(literal), literal).toBe(text);
});

test("a malformed escape is none", () => {
  for (const literal of [
    '"\\q"',
    '"\\x4"',
    '"\\xzz"',
    '"\\\'"',
    "'\\\"'",
    '"\\400"',
    '"\\ud800"',
    '"\\U00110000"',
    '"a\nb"',
    '"\\"',
  ])
    expect(unquote(literal), literal).toBeUndefined();
});

test("bytes that are no UTF-8 are kept apart and written as they came", () => {
  const text = unquote('"a\\xc5z\\xff"');
  expect(text).toBe("a\udcc5z\udcff");
  expect(text?.isWellFormed()).toBe(false);
  expect(quote(text ?? "")).toBe('"a\\xc5z\\xff"');
});

test("what is quoted unquotes to itself, on one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      fc.pre(text.isWellFormed());
      const literal = quote(text);
      expect(literal).not.toMatch(/[\n\r]/);
      expect(unquote(literal)).toBe(text);
    }),
  );
});

test("what a terminal would not show is escaped", () => {
  expect(quote("\u0000\u007f\u00a0\u200b\u{e0001}")).toBe('"\\x00\\x7f\\u00a0\\u200b\\U000e0001"');
  expect(quote('é "q" \\')).toBe('"é \\"q\\" \\\\"');
});
