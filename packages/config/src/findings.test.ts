import { expect, test } from "vitest";
import { Findings, inFileOrder, TreePlace } from "./findings.ts";
import { mergeNodes } from "./merge.ts";
import { readYaml } from "./read-yaml.ts";
import { emptyMap, entriesOf, isNothing, nodeAt } from "./tree.ts";

const read = (file: string, yaml: string) => readYaml(file, yaml, () => {}) ?? emptyMap({ file });

test("a place reports with its own mark, or the nearest above it", () => {
  const findings = new Findings();
  const root = new TreePlace(mergeNodes(read("a", "x:\n  y: 1"), read("b", "\n\nx:\n  z: [1, 2]")), findings);
  root.down("x", "y").problem("one");
  root.down("x", "z", 1).problem("two");
  root.down("x", "nosuch", "deep").warn("three");
  root.at("nosuch").warn("four");
  expect(findings.problems).toEqual([
    { path: "x::y", message: "one", file: "a", line: 2 },
    { path: "x::z::1", message: "two", file: "b", line: 4 },
  ]);
  expect(findings.warnings).toEqual([
    { path: "x::nosuch::deep", message: "three", file: "a", line: 1 },
    { path: "nosuch", message: "four" },
  ]);
});

test("findings stand in the order of files and lines, those without a place last", () => {
  const finding = (message: string, file?: string, line?: number) => ({
    path: "",
    message,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
  });
  const sorted = inFileOrder(
    [
      finding("none"),
      finding("b2", "b", 2),
      finding("set", "--set x"),
      finding("a9", "a", 9),
      finding("a", "a"),
      finding("a1", "a", 1),
    ],
    ["a", "b"],
  );
  expect(sorted.map(({ message }) => message)).toEqual(["a1", "a9", "a", "b2", "none", "set"]);
});

test("a tree is asked without asking what it is first", () => {
  const tree = read("f", "a: [{b: 1}]\nc:");
  expect(nodeAt(tree, ["a", 0, "b"])).toMatchObject({ value: 1 });
  expect(nodeAt(tree, ["a", "b"])).toBeUndefined();
  expect(nodeAt(tree, ["c", "d"])).toBeUndefined();
  expect([isNothing(nodeAt(tree, ["c"])), isNothing(undefined), isNothing(tree)]).toEqual([true, true, false]);
  expect(entriesOf(nodeAt(tree, ["a"])).size).toBe(0);
});
