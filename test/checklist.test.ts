import { expect, test } from "vitest";
import {
  castsOf,
  commentLines,
  currentPage,
  renderTable,
  repeatedRuns,
  replaceTable,
  undocumented,
} from "./checklist.ts";
import { scanSource } from "./scan-source.ts";
import type { SourceFile } from "./workspace.ts";

const file = (text: string, path = "x.ts"): SourceFile => ({
  path,
  source: scanSource(text),
  imports: [],
  isTest: false,
});

test("docs/development.md has the checklist as the sources are now", () => {
  const { is, should } = currentPage();
  expect(is, "run npm run checklist").toBe(should);
});

test("a line of code with a comment behind it is no line of comment", () => {
  expect(commentLines(file("/** One. */\nconst a = 1; // two\n\n// three\n"))).toEqual({ comment: 2, filled: 3 });
});

test("a cast needs a reason; a rename and a constant are no casts", () => {
  const text = `import { a as b } from "c";
export { d as e };
const f = [1] as const;
const g = h as Kind;
const i = j;
const k = l;
const m = n;
// It was checked above.
const o = p as Kind;
`;
  expect(castsOf(file(text))).toEqual({ all: 2, bare: ["x.ts:4"] });
});

test("an exported name needs a comment right above it", () => {
  const text = `/** One. */
export function one() {}
export const two = 2;

/** Not of three. */

export interface Three {}
// Four.
export type Four = 4;
const five = 5;
`;
  expect(undocumented(file(text))).toEqual(["x.ts: two", "x.ts: Three"]);
});

test("the same eight lines in two files are a copy, seven are not", () => {
  const run = (length: number) =>
    Array.from({ length }, (_, index) => `const name${index} = call(${index});`).join("\n");
  expect(repeatedRuns([file(run(8), "a.ts"), file(run(8), "b.ts")])).toEqual(["b.ts:1 repeats a.ts:1"]);
  expect(repeatedRuns([file(run(7), "a.ts"), file(run(7), "b.ts")])).toEqual([]);
  const names = `import {\n${Array.from({ length: 9 }, (_, index) => `  name${index},\n`).join("")}} from "c";\n`;
  expect(repeatedRuns([file(names, "a.ts"), file(names, "b.ts")])).toEqual([]);
});

test("the table stands between its marks, whatever stood there", () => {
  const table = renderTable([{ ask: "a", bar: "b", value: "c", holds: false }]);
  const page = "before\n<!-- checklist: npm run checklist -->\nstale\n<!-- end of checklist -->\nafter\n";
  const replaced = replaceTable(page, table);
  expect(replaced).toContain("| a | b | c | no |");
  expect(replaced).not.toContain("stale");
  expect(replaceTable(replaced, table)).toBe(replaced);
  expect(() => replaceTable("nothing", table)).toThrow("needs the lines");
});
