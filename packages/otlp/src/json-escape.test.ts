import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeLength, HEX, putUtf8, unescaped } from "./json-escape.ts";

/** What an escape means, and how long it is. */
function read(text: string): { readonly text: string; readonly length: number } | undefined {
  const bytes = Buffer.from(text);
  const point = unescaped(bytes, 0);
  if (point < 0) return undefined;
  const out = new Uint8Array(4);
  const length = escapeLength(bytes, 0, point);
  const stop = putUtf8(out, 0, point);
  expect(stop).toBeLessThanOrEqual(length);
  return { text: Buffer.from(out.subarray(0, stop)).toString(), length };
}

test("every code point is what the platform's parser makes of its escape", () => {
  const unit = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x10ffff }), (point) => {
      const text = String.fromCodePoint(point);
      const spelled = Array.from({ length: text.length }, (_, i) => unit(text.charCodeAt(i))).join("");
      const expected = Buffer.from(JSON.parse(`"${spelled}"`)).toString();
      expect(read(`${spelled}"`)).toEqual({ text: expected, length: spelled.length });
    }),
  );
  for (const letter of '"\\/bfnrt')
    expect(read(`\\${letter}`)).toEqual({ text: JSON.parse(`"\\${letter}"`), length: 2 });
});

test("half a pair is U+FFFD, and what follows it is read on its own", () => {
  for (const spelled of ["\\ud800", "\\udc00", "\\ud800x", "\\ud800\\n", "\\ud800\\u0041", "\\ud800\\ud800\\udc00"])
    expect(read(spelled)).toEqual({ text: "\ufffd", length: 6 });
});

test.each(["\\", "\\x", "\\u", "\\u12", "\\u12g4", "\\U0041", "\\\n", "\\0"])("%j is no escape", (text) => {
  expect(read(text)).toBeUndefined();
});

test("digits of both cases count, nothing else does", () => {
  expect([...HEX.entries()].filter(([, value]) => value >= 0).length).toBe(22);
  for (const letter of "0123456789abcdefABCDEF") expect(HEX[letter.charCodeAt(0)]).toBe(Number.parseInt(letter, 16));
});
