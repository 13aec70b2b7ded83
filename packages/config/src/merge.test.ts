import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergeNodes } from "./merge.ts";
import { rawValue } from "./raw-value.ts";
import { readYaml } from "./read-yaml.ts";
import { type ConfigNode, emptyMap, nodeAt } from "./tree.ts";

const tree = (yaml: string, file = "f"): ConfigNode => readYaml(file, yaml, () => {}) ?? emptyMap({ file });
const merged = (...files: readonly string[]) => files.map((text) => tree(text)).reduce(mergeNodes);

/** Trees of maps, lists, scalars and explicit nothings. */
const { node } = fc.letrec<{ node: ConfigNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<ConfigNode>(
      ...([null, 1, "x", true] as const).map((value) => ({ kind: "scalar" as const, value, mark: { file: "f" } })),
    ),
    fc.array(tie("node"), { maxLength: 2 }).map((items): ConfigNode => ({ kind: "list", items, mark: { file: "f" } })),
    fc
      .dictionary(fc.constantFrom("a", "b", "c", "__proto__"), tie("node"), { maxKeys: 3 })
      .map((entries): ConfigNode => ({ kind: "map", entries: new Map(Object.entries(entries)), mark: { file: "f" } })),
  ),
}));

describe("files over files", () => {
  test.each([
    ["maps merge", ["a: {b: 1, c: 2}", "a: {c: 3, d: 4}"], "a: {b: 1, c: 3, d: 4}"],
    ["lists are replaced", ["a: [1, 2]", "a: [3]"], "a: [3]"],
    ["an explicit nothing replaces", ["a: {b: 1}", "a:"], "a:"],
    ["and is replaced", ["a:", "a: {b: 1}"], "a: {b: 1}"],
    ["a map replaces a value", ["a: 1", "a: {b: 1}"], "a: {b: 1}"],
    ["the last of three wins", ["a: 1", "a: 2", "a: 3"], "a: 3"],
    ["a key with :: is a path", ["a: {b: {c: 1}}", "a::b::d: 2"], "a: {b: {c: 1, d: 2}}"],
  ])("%s", (_what, files, expected) => {
    expect(rawValue(merged(...files))).toEqual(rawValue(tree(expected)));
  });

  test("a value keeps the mark of the file that it is from", () => {
    const both = mergeNodes(tree("a:\n  b: 1\n  c: 2", "one"), tree("a:\n\n  c: 3", "two"));
    expect(nodeAt(both, ["a", "b"])?.mark).toEqual({ file: "one", line: 2 });
    expect(nodeAt(both, ["a", "c"])?.mark).toEqual({ file: "two", line: 3 });
  });
});

describe("laws", () => {
  test("an empty map changes nothing, on either side of a map", () => {
    const empty = emptyMap({ file: "f" });
    fc.assert(
      fc.property(node, (one) => {
        expect(rawValue(mergeNodes(empty, one))).toEqual(rawValue(one));
        if (one.kind === "map") expect(rawValue(mergeNodes(one, empty))).toEqual(rawValue(one));
      }),
    );
  });

  test("a tree over itself is itself", () => {
    fc.assert(
      fc.property(node, (one) => {
        expect(rawValue(mergeNodes(one, one))).toEqual(rawValue(one));
      }),
    );
  });

  test("maps merge associatively", () => {
    const map = node.filter(({ kind }) => kind === "map");
    fc.assert(
      fc.property(map, map, map, (a, b, c) => {
        const left = mergeNodes(mergeNodes(a, b), c);
        const right = mergeNodes(a, mergeNodes(b, c));
        // Where b puts a value over a's map and c a map over that, the value in between is forgotten on the right.
        fc.pre(!hides(a, b, c));
        expect(rawValue(left)).toEqual(rawValue(right));
      }),
    );
  });
});

function hides(a: ConfigNode | undefined, b: ConfigNode | undefined, c: ConfigNode | undefined): boolean {
  if (a?.kind !== "map" || c?.kind !== "map") return false;
  if (b === undefined) return false;
  if (b.kind !== "map") return true;
  return [...a.entries.keys()].some((key) => hides(a.entries.get(key), b.entries.get(key), c.entries.get(key)));
}
