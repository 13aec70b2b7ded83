import { expect, test } from "vitest";
import { importsOf, matchesInCode, scanSource } from "./scan-source.ts";

const specifiers = (text: string) => importsOf(scanSource(text)).map((one) => one.specifier);

test("statements, re-exports, side effects and dynamic imports are all imports", () => {
  const text = `import a from "one";
import {
  b,
  type C,
} from "two";
import type { D } from "./three.ts";
import "four";
export * from "five";
export { e } from "six";
const f = await import("seven");
const g = import.meta.resolve("eight");
`;
  expect(specifiers(text)).toEqual(["one", "two", "./three.ts", "four", "five", "six", "seven", "eight"]);
});

test("an export that has a value is no import", () => {
  expect(specifiers('export const from = "one";\nexport function f() { return "from"; }\n')).toEqual([]);
});

test("a computed import is seen, and has no specifier", () => {
  expect(specifiers("await import(name);\n")).toEqual([undefined]);
});

test("prose and strings import nothing", () => {
  expect(specifiers('// import a from "one";\n/* import "two" */\nconst s = \'import "three"\';\n')).toEqual([]);
});

test.each([
  ["a line comment", "const a = 1; // Date.now()"],
  ["a block comment", "/* Date.now() */ const a = 1;"],
  ["a string", 'const a = "Date.now()";'],
  ["an escaped quote", 'const a = "\\"Date.now()";'],
  ["a template", "const a = `Date.now()`;"],
  ["a regular expression", "const a = b.match(/[/]Date.now()/);"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source text under test
  ["text behind a template's value", "const a = `${b({})}Date.now()`;"],
])("code in %s is not code", (_name, text) => {
  expect(matchesInCode(scanSource(text), /Date\.now/g)).toEqual([]);
});

test.each([
  ["behind a division", "const a = b / c; Date.now(); const d = e / f;"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source text under test
  ["inside a template's value", "const a = `x${ {y: Date.now()} }z`;"],
  ["behind a string that looks like a comment", 'const a = "//"; Date.now();'],
  ["behind a slash in a regular expression's class", "const a = /[/*]/; Date.now();"],
])("code %s is code", (_name, text) => {
  expect(matchesInCode(scanSource(text), /Date\.now/g)).toHaveLength(1);
});

test("lines are those of the file", () => {
  expect(matchesInCode(scanSource("/* a\n b */\n\nDate.now();\n"), /Date\.now/g)).toEqual([
    { match: "Date.now", line: 4 },
  ]);
});

test("comments are found with their extent", () => {
  const text = "/** one */ code(); // two\n";
  expect(scanSource(text).comments.map(({ start, stop }) => text.slice(start, stop))).toEqual(["/** one */", "// two"]);
});
