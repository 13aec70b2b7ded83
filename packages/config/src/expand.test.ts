import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EXPANSION_LIMITS, expandTree } from "./expand.ts";
import { Findings } from "./findings.ts";
import { rawValue } from "./raw-value.ts";
import { readYaml } from "./read-yaml.ts";
import { type ConfigNode, emptyMap, nodeAt } from "./tree.ts";

const TEXT = { type: "text", doc: "", required: false };

/** References are put together here, so that none of them looks like a template that lost its quotes. */
const ref = (inside: string) => `$\{${inside}}`;

function expand(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
) {
  const findings = new Findings();
  const tree = readYaml("f", yaml, (message) => findings.problem("", message)) ?? emptyMap({ file: "f" });
  const file = (path: string) => files[path] ?? "";
  return { tree: expandTree(tree, { env: (name) => env[name], file }, findings), findings };
}

/** The value of `field` for a field of any type and for a field of text, and the problems. */
function field(value: string, env: Readonly<Record<string, string>>) {
  const quoted: ConfigNode = { kind: "scalar", value, mark: { file: "f" } };
  const findings = new Findings();
  const root: ConfigNode = { kind: "map", entries: new Map([["field", quoted]]), mark: { file: "f" } };
  const node = nodeAt(expandTree(root, { env: (name) => env[name] }, findings), ["field"]);
  return {
    value: rawValue(node),
    text: rawValue(node, TEXT),
    problems: findings.problems.map(({ message }) => message),
  };
}

/** What the Collector's own end-to-end table expects of `field: ${env:ENV}` and of `field: inline ${env:ENV} end`. */
const TABLE: readonly (readonly [env: string, value: unknown, text: string])[] = [
  ["123", 123, "123"],
  ["0123", 83, "0123"],
  ["0xdeadbeef", 3735928559, "0xdeadbeef"],
  ['"0123"', '"0123"', '"0123"'],
  ["!!str 0123", "!!str 0123", "!!str 0123"],
  ["t", "t", "t"],
  ["yes", "yes", "yes"],
  ["true", true, "true"],
  ["", null, ""],
  // A map to YAML; the Collector's table has its text alone.
  ["1111:1111:1111:1111:1111::", new Map([["1111:1111:1111:1111:1111:", null]]), "1111:1111:1111:1111:1111::"],
  ["2023-03-20T03:17:55.432328Z", "2023-03-20T03:17:55.432328Z", "2023-03-20T03:17:55.432328Z"],
  ['["a",', '["a",', '["a",'],
  [
    "[filelog,windowseventlog/application]",
    ["filelog", "windowseventlog/application"],
    "[filelog,windowseventlog/application]",
  ],
  ["$$ENV", "$ENV", "$ENV"],
  [`$${ref("ENV")}`, ref("ENV"), ref("ENV")],
  [`$${ref("env:ENV")}`, ref("env:ENV"), ref("env:ENV")],
  [`[filelog,${ref("env:OTHER")}]`, "[filelog,testreceiver]", "[filelog,testreceiver]"],
  [`["filelog","$${ref("OTHER")}"]`, ["filelog", ref("OTHER")], `["filelog","${ref("OTHER")}"]`],
  ['["filelog","$ENV_VALUE"]', ["filelog", "$ENV_VALUE"], '["filelog","$ENV_VALUE"]'],
];

describe("as the Collector's own tests have it", () => {
  test.each(TABLE)("%s", (env, value, text) => {
    for (const variables of [
      { ENV: env, OTHER: "testreceiver" },
      { ENV: ref("env:ENV2"), ENV2: env, OTHER: "testreceiver" },
    ]) {
      const whole = field(ref("env:ENV"), variables);
      expect(whole).toEqual({ value, text, problems: [] });
      expect(field(`inline ${ref("ENV")} end`, variables).value).toBe(`inline ${text} end`);
    }
  });

  test("a reference inside a value is followed", () => {
    const env = {
      ENV: `The value ${ref("env:ENV2")} is wrapped`,
      ENV2: `The value ${ref("env:ENV3")} is wrapped`,
      ENV3: "123",
    };
    expect(field(ref("env:ENV"), env).text).toBe("The value The value 123 is wrapped is wrapped");
  });

  test("maps come in whole, and their text where text is wanted", () => {
    const env = {
      ENV: `{env: "${ref("env:ENV2")}", inline: "inline ${ref("env:ENV2")}"}`,
      ENV2: `{env2: "${ref("env:ENV3")}"}`,
      ENV3: "{value: 123}",
    };
    const { value, text } = field(ref("env:ENV"), env);
    expect(value).toEqual(
      new Map<string, unknown>([
        ["env", new Map([["env2", new Map([["value", 123]])]])],
        ["inline", 'inline {env2: "{value: 123}"}'],
      ]),
    );
    expect(text).toBe('{env: "{env2: "{value: 123}"}", inline: "inline {env2: "{value: 123}"}"}');
  });

  test("a comment with a reference that is none does not matter to the value", () => {
    const env = { ENV: `true # comment with a ${ref("env:hello.world")} reference` };
    expect(field(ref("env:ENV"), env)).toMatchObject({ value: true, problems: [] });
    expect(field(`inline ${ref("env:ENV")}`, env).problems[0]).toMatch(/"hello.world" has invalid name/);
  });
});

describe("references", () => {
  test("default, nested default, empty default", () => {
    expect(field(ref("env:X:-d"), {}).value).toBe("d");
    expect(field(ref("env:X:-7"), {}).value).toBe(7);
    expect(field(ref("NAME:-7"), {}).problems).toEqual([expect.stringContaining(`write ${ref("env:NAME:-…")}`)]);
    expect(field(ref("env:X:-"), {})).toEqual({ value: null, text: "", problems: [] });
    expect(field(ref(`env:X:-${ref("env:Y:-z")}`), {}).value).toBe("z");
    expect(field(ref("env:X:-d"), { X: "" }).text).toBe("");
  });

  test("a name made of a reference", () => {
    expect(field(ref(`env:${ref("env:WHICH")}`), { WHICH: "A", A: "found" }).value).toBe("found");
  });

  test.each([
    ["$", "$"],
    ["$$", "$"],
    ["$$$", "$$"],
    ["a$1", "a$1"],
    ["${", "${"],
    ["}", "}"],
    ["${ and no more", "${ and no more"],
    [`$${ref("A")}`, ref("A")],
    [`$$${ref("A")}`, "$x"],
    [`$$$${ref("A")}`, `$${ref("A")}`],
    [`}${ref("A")}{`, "}x{"],
  ])("%s becomes %s", (written, value) => {
    expect(field(written, { A: "x" })).toEqual({ value, text: value, problems: [] });
  });

  test("an unset variable is nothing, and is warned about by name", () => {
    const { findings, tree } = expand(`a:\n  b: ${ref("env:NOPE")}`);
    expect(rawValue(nodeAt(tree, ["a", "b"]))).toBeNull();
    expect(findings.warnings).toEqual([
      { path: "a::b", message: expect.stringContaining("NOPE is not set"), file: "f", line: 2 },
    ]);
  });

  test("yaml: and file: bring text", () => {
    const { tree } = expand(
      `a: "${ref("yaml:[1, 2]")}"\nb: ${ref("file:/etc/secret")}`,
      {},
      { "/etc/secret": "s3cret" },
    );
    expect(rawValue(tree)).toEqual(
      new Map<string, unknown>([
        ["a", [1, 2]],
        ["b", "s3cret"],
      ]),
    );
  });

  test.each([
    [ref("foo:bar"), /scheme "foo" is not supported/],
    [ref("env:a.b"), /"a.b" has invalid name: must match regex \^\[a-zA-Z_\]/],
    [ref("1"), /"1" has invalid name.*write \$\$\{/],
    [ref("env:a$b"), /has a \$ inside a reference/],
    [ref("1:x"), /has a reference that is none/],
  ])("%s is a problem with its place", (written, message) => {
    const { findings } = expand(`k: {l: ["${written}"]}`);
    expect(findings.problems).toEqual([
      { path: "k::l::0", message: expect.stringMatching(message), file: "f", line: 1 },
    ]);
  });

  test("a password that happens to have the characters of a reference is not repeated", () => {
    expect(field(`p${ref("a;DROP hunter2")}w`, {}).problems.join()).not.toContain("hunter2");
  });
});

describe("values that refer to themselves", () => {
  test.each([
    ["directly", { A: ref("A") }],
    ["inside a text", { A: `x${ref("A")}` }],
    ["twice", { A: `${ref("A")}${ref("A")}` }],
    ["over another", { A: ref("B"), B: ref("A") }],
    ["growing a list", { A: `[${ref("A")}, ${ref("A")}, ${ref("A")}]` }],
    ["growing a map", { A: `{a: ${ref("A")}, b: ${ref("A")}}` }],
  ])("%s: refused once, and soon", (_how, env) => {
    const { findings } = expand(`a: ${ref("A")}\nb: ${ref("A")}`, env);
    expect(findings.problems).toHaveLength(1);
    expect(findings.problems[0]?.message).toMatch(/^too many recursive expansions/);
  });

  test("a chain is followed to its limit", () => {
    const chain = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, index) => [`V${index}`, index === length - 1 ? "end" : ref(`V${index + 1}`)]),
      );
    expect(field(ref("V0"), chain(EXPANSION_LIMITS.chain)).value).toBe("end");
    expect(field(ref("V0"), chain(EXPANSION_LIMITS.chain + 1)).problems).toHaveLength(1);
  });
});

describe("properties", () => {
  const calm = fc.string().map((text) => text.replaceAll("$", "").replaceAll("\0", ""));

  test("escaping every dollar sign gives the text back", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(
          field(
            text.replaceAll("$", () => "$$"),
            {},
          ),
        ).toEqual({ value: text, text, problems: [] });
      }),
    );
  });

  test("a text between texts is pasted as it is", () => {
    fc.assert(
      fc.property(calm, calm, calm, (before, value, after) => {
        fc.pre(before + after !== "");
        expect(field(`${before}${ref("V")}${after}`, { V: value }).value).toBe(before + value + after);
      }),
    );
  });

  test("a field of text gets a variable's text, whatever YAML would make of it", () => {
    fc.assert(
      fc.property(calm, (value) => {
        expect(field(ref("V"), { V: value }).text).toBe(value);
      }),
    );
  });
});
