import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { rawValue } from "./raw-value.ts";
import { readYaml, YAML_LIMITS } from "./read-yaml.ts";
import { type Mark, nodeAt } from "./tree.ts";
import { yamlFault } from "./yaml-fault.ts";
import { scalarOf } from "./yaml-scalar.ts";

function read(text: string) {
  const problems: { readonly message: string; readonly mark: Mark }[] = [];
  const tree = readYaml("f.yaml", text, (message, mark) => problems.push({ message, mark }));
  return { tree, problems: problems.map(({ message, mark }) => `${mark.line}: ${message}`), value: rawValue(tree) };
}

const map = (entries: Readonly<Record<string, unknown>>) => new Map(Object.entries(entries));

describe("scalars, as go-yaml reads them", () => {
  test.each<[string, unknown]>([
    ["1", 1],
    ["-1", -1],
    ["+12", 12],
    ["0123", 83],
    ["0o17", 15],
    ["089", 89],
    ["0x1F", 31],
    ["0b101", 5],
    ["1_000", 1000],
    ["1_0.5", 10.5],
    ["a_1", "a_1"],
    ["9007199254740993", 9007199254740993n],
    ["1.5", 1.5],
    ["1e3", 1000],
    [".inf", Infinity],
    ["true", true],
    ["False", false],
    ["yes", "yes"],
    ["on", "on"],
    ["~", null],
    ["", null],
    ["'1'", "1"],
    ["!!str 1", "1"],
    ["2020-01-02", "2020-01-02"],
    ["12:30:45", "12:30:45"],
    ["1.2.3", "1.2.3"],
  ])("%s", (written, value) => {
    expect(read(`a: ${written}`)).toMatchObject({ value: map({ a: value }), problems: [] });
  });

  test("what is not text keeps its text beside it", () => {
    const { tree } = read("a: 1.10\nb: x");
    expect(nodeAt(tree, ["a"])).toMatchObject({ value: 1.1, written: "1.10" });
    expect(nodeAt(tree, ["b"])).not.toHaveProperty("written");
    expect(rawValue(nodeAt(tree, ["a"]), { type: "text", doc: "", required: true })).toBe("1.10");
  });

  test("a tag of another value is its text", () => {
    expect(scalarOf({ value: new Date(0), source: "x", type: "PLAIN" } as never)).toEqual({ value: "x" });
  });
});

describe("anchors and merge keys", () => {
  test("an alias repeats, and << merges under what a map says itself", () => {
    const { value, problems } = read(`
base: &base {a: 1, b: 1}
more: &more {b: 2, c: 2}
one: {<<: *base, a: 0}
all:
  b: 0
  <<: [*more, *base]
again: *base
`);
    expect(problems).toEqual([]);
    expect(value).toEqual(
      map({
        base: map({ a: 1, b: 1 }),
        more: map({ b: 2, c: 2 }),
        one: map({ a: 0, b: 1 }),
        all: map({ a: 1, b: 0, c: 2 }),
        again: map({ a: 1, b: 1 }),
      }),
    );
  });

  test.each([
    ["a: &a [*a]", /^1: an alias \(\*name\) needs its anchor .* and not around it$/],
    ["a: *b", /^1: an alias \(\*name\) needs its anchor/],
    ["a: &a 1\nb:\n  <<: *a", /^3: << takes a map/],
  ])("%s", (text, problem) => {
    expect(read(text)).toMatchObject({ tree: undefined, problems: [expect.stringMatching(problem)] });
  });

  test("aliases of aliases are counted as what they repeat", () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(", ")}]`);
    const { problems } = read(["l0: &l0 lol", ...levels].join("\n"));
    expect(problems).toEqual([expect.stringMatching(/has more than 100000 values/)]);
  });
});

describe("what is refused", () => {
  test.each([
    ["a: 1\nb: 2\na: 3", "3: the key stands twice in one map, first in line 1"],
    ["a:\n  ~: x", "2: a key must be text; write it in quotes"],
    ["? [a]\n: x", "1: a key must be text; write it in quotes"],
    ["a: b: c", '1: is not YAML: two "key:" in one line; text with ": " in it goes in quotes (column 4)'],
    ["a:\n\t- b", "2: is not YAML: a line is indented with a tab; use spaces (column 1)"],
    ["a: 1\n---\nb: 2", "2: is not YAML: there are several documents…"],
    ["a: !mine x", "1: is not YAML: a tag (!name) is not known…"],
    ['a: "x', "1: is not YAML: a closing quote…"],
    ["a: @x", "1: is not YAML: text that begins with one of…"],
  ])("%j", (text, problem) => {
    const { tree, problems } = read(text);
    expect(tree).toBeUndefined();
    expect(problems).toContainEqual(problem.endsWith("…") ? expect.stringContaining(problem.slice(0, -1)) : problem);
  });

  test("a mistake is told without the text around it", () => {
    for (const text of [
      'password: "hunter2',
      "password: hunter2: x",
      "hunter2",
      "password: 'a' hunter2",
      "{hunter2",
      "[*hunter2]",
    ]) {
      expect(read(`${text}\nx: [`).problems.join()).not.toContain("hunter2");
    }
    expect(yamlFault("DUPLICATE_KEY")).toBe("is not YAML: the same key stands twice in one map; keep one of them");
  });

  test.each([
    ["brackets", (n: number) => `a: ${"[".repeat(n)}${"]".repeat(n)}`],
    ["braces", (n: number) => `${"{a: ".repeat(n)}${"}".repeat(n)}`],
    ["dashes", (n: number) => `${"- ".repeat(n)}x`],
  ])("%s that nest too deeply, however deeply", (_what, text) => {
    expect(read(text(YAML_LIMITS.depth - 1)).problems).toEqual([]);
    for (const depth of [YAML_LIMITS.depth + 2, 3000, 100_000]) {
      expect(read(text(depth)).problems).toEqual([
        expect.stringMatching(/nests (?:too deeply|deeper than 100 levels)/),
      ]);
    }
  });

  test("a file over the limit", () => {
    expect(read(`a: ${"x".repeat(YAML_LIMITS.characters - 3)}`).problems).toEqual([]);
    expect(read(`a: ${"x".repeat(YAML_LIMITS.characters)}`).problems).toEqual([
      expect.stringContaining("the limit is"),
    ]);
  });

  test("many keys take no longer than they should", () => {
    const { problems } = read(Array.from({ length: 50_000 }, (_, n) => `key${n}: 1`).join("\n"));
    expect(problems).toEqual([]);
  });
});

describe("keys", () => {
  test("paths in keys are maps, and merge with what is there", () => {
    expect(read("a: {b: 1}\na::c: 2\na::d::e: 3\n'::1': x").value).toEqual(
      map({ a: map({ b: 1, c: 2, d: map({ e: 3 }) }), "::1": "x" }),
    );
  });

  test("paths are for maps of a file: not in lists, not in what a variable brings", () => {
    expect(read("a: [{b::c: 1}]").value).toEqual(map({ a: [map({ "b::c": 1 })] }));
    expect(rawValue(readYaml("f", "b::c: 1", () => {}, { paths: false }))).toEqual(map({ "b::c": 1 }));
  });

  test("a number or a boolean as a key is its text", () => {
    expect(read("{0123: a, true: b, 1.10: c}").value).toEqual(map({ "0123": "a", true: "b", "1.10": "c" }));
  });

  test("lines are those of the keys and of the elements", () => {
    const { tree } = read("a:\n  b:\n    - x\n    - c: 1\n      d: 2");
    const line = (...path: readonly (string | number)[]) => nodeAt(tree, path)?.mark.line;
    expect([line("a"), line("a", "b"), line("a", "b", 0), line("a", "b", 1, "d")]).toEqual([1, 2, 3, 5]);
  });

  test("an empty file, one with comments, one with a byte order mark", () => {
    for (const text of ["", "# nothing", "---", "null"]) expect(read(text).problems).toEqual([]);
    expect(read("").value).toBeNull();
  });
});

test("what YAML is written from is read back", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "grapheme" }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("any"), { maxLength: 3 }),
      fc
        .array(
          fc.tuple(
            fc.string({ unit: "grapheme" }).filter((key) => !key.includes("::") && key !== "<<"),
            tie("any"),
          ),
          { maxLength: 3 },
        )
        .map((entries) => new Map(entries)),
    ),
  })).any;
  fc.assert(
    fc.property(value, (one) => {
      const text = stringify({ one }, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "QUOTE_DOUBLE" });
      expect(read(text)).toMatchObject({ problems: [] });
      expect(rawValue(nodeAt(read(text).tree, ["one"]))).toEqual(one);
    }),
  );
});
