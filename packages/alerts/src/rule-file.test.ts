import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identityOf, readRuleFile, selectorsOfGroups } from "./rule-file.ts";

/** What is wrong with a file, as `line: path: message`. */
function problems(yaml: string): readonly string[] {
  return readRuleFile("r.yml", yaml).problems.map(({ line, path, message }) => `${line}: ${path}: ${message}`);
}

const rule = (text: string) => `groups:\n- name: g\n  rules:\n  - alert: A\n${text.replace(/^/gm, "    ")}\n`;

describe("a file", () => {
  test("becomes groups with everything parsed", () => {
    const { groups, problems: none } = readRuleFile(
      "r.yml",
      `groups:
- name: g
  interval: 30s
  query_offset: 1m
  limit: 7
  labels: {team: fl, severity: low}
  rules:
  - alert: A
    expr: sum( rate(x[5m]) )>1
    for: 1d
    keep_firing_for: 0
    labels: {severity: page, number: 0123}
    annotations:
      summary: at {{ $value }}
`,
    );
    expect(none).toEqual([]);
    expect(groups).toMatchObject([
      {
        ...{ file: "r.yml", name: "g", intervalMs: 30_000, queryOffsetMs: 60_000, limit: 7 },
        rules: [{ name: "A", query: "sum(rate(x[5m])) > 1", forMs: 86_400_000, keepFiringForMs: 0, line: 8 }],
      },
    ]);
    const [first] = groups[0]?.rules ?? [];
    expect(first?.labels.map(({ name, text }) => [name, text])).toEqual([
      ["number", "0123"],
      ["severity", "page"],
      ["team", "fl"],
    ]);
    expect(first?.annotations.map(({ name, text }) => [name, text])).toEqual([["summary", "at {{ $value }}"]]);
  });

  test("may have no groups, and a group no rules", () => {
    expect(readRuleFile("r.yml", "")).toEqual({ groups: [], problems: [], warnings: [] });
    expect(readRuleFile("r.yml", "groups:").groups).toEqual([]);
    expect(readRuleFile("r.yml", "groups: [{name: g}]").groups).toMatchObject([
      { name: "g", rules: [], intervalMs: undefined },
    ]);
  });
});

test.each([
  ["group: []", "1: group: unknown key; did you mean groups?"],
  ["groups: {}", "1: groups: must be a list, but is a map"],
  ["groups: [{rules: []}]", "1: groups::0::name: is required: The group's name, one of its kind in the file."],
  ["groups: [{name: ''}]", "1: groups::0::name: must not be empty"],
  ["groups:\n- name: g\n- name: g", "3: groups::1::name: the group g stands twice in this file; give one another name"],
  ["groups: [{name: g, interval: 5x}]", "1: groups::0::interval: must be a duration such as 30s, 5m, 1h30m or 2d"],
  ["groups: [{name: g, rules: [{expr: up}]}]", "1: groups::0::rules::0: needs alert, the alert's name"],
  [rule("expr: up\nfore: 5m"), "6: groups::0::rules::0::fore: unknown key; did you mean for?"],
  [
    rule(""),
    "4: groups::0::rules::0::expr: is required: The PromQL expression; every element of its result is an alert.",
  ],
  [rule("expr: up ==\nfor: 1m"), "5: groups::0::rules::0::expr: 1:6: parse error: unexpected end of input"],
  // In a block the file's own line is known.
  [
    rule("expr: |\n  up\n  == foo()"),
    '7: groups::0::rules::0::expr: 2:4: parse error: unknown function with name "foo"',
  ],
  [
    rule("expr: up[5m]"),
    "5: groups::0::rules::0::expr: the expression of an alert must be a vector or a number, but is a matrix",
  ],
  [
    rule("expr: ALERTS > 0"),
    "5: groups::0::rules::0::expr: ALERTS is not built yet: alerts are not written back as series",
  ],
  [
    "groups: [{name: g, rules: [{record: 'a:b', expr: up}]}]",
    "1: groups::0::rules::0::record: recording rules are not built yet, and a:b is one",
  ],
  [
    rule("expr: up\nlabels: {a: '{{ nope }}'}"),
    '6: groups::0::rules::0::labels::a: the template cannot be parsed: 1:4: function "nope" not defined',
  ],
  [
    rule("expr: up\nannotations:\n  b: '{{ query \"x\" }}'"),
    "7: groups::0::rules::0::annotations::b: the template cannot be parsed: 1:4: function query is not built yet",
  ],
  [
    rule("expr: up\nlabels: {__name__: x}"),
    "6: groups::0::rules::0::labels::__name__: is no name that a label may have",
  ],
  [
    rule("expr: up\n- alert: A").replace("    - alert: A", "  - {alert: A, expr: 'up'}"),
    "6: groups::0::rules::1: the alert A stands twice in this group, with equal labels and expression",
  ],
  ["groups: [", "1: : is not YAML"],
])("%s is refused", (yaml, message) => {
  const found = problems(yaml);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(message);
});

test("every problem is named at once", () => {
  const found = problems(`groups:
- name: g
  intervall: 1m
  rules: [{alert: A, expr: 'up ==', for: x}]
- name: h
  rules:
  - {alert: B, expr: 'up =='}
  - {alert: C, expr: up, labels: {a: '{{'}}
`);
  expect(found.map((line) => line.slice(0, 22))).toEqual([
    "3: groups::0::interval",
    "7: groups::1::rules::0",
    "8: groups::1::rules::1",
  ]);
});

test("the rules of the examples load, with what is odd about them", async () => {
  const text = await readFile(new URL("../../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");
  const { groups, problems: none, warnings } = readRuleFile("alerting-rules.yml", text);
  expect(none).toEqual([]);
  expect(groups.map(({ rules }) => rules.length)).toEqual([4, 2]);
  expect(warnings.map(({ line, message }) => `${line}: ${message.slice(0, 32)}`)).toEqual([
    "27: $labels.expected is probably emp",
    "39: up is a metric of scrapes: clien",
    "53: $labels.available is probably em",
  ]);
  const reach = Object.fromEntries(
    selectorsOfGroups(groups).map(({ matchers: [name], reachMs }) => [name?.value, reachMs]),
  );
  expect(reach).toMatchObject({ http_requests_total: 300_000, training_round_completed_total: 1_800_000, up: 300_000 });
});

test("a query offset reaches farther back", () => {
  const { groups } = readRuleFile("r.yml", "groups: [{name: g, query_offset: 2m, rules: [{alert: A, expr: up}]}]");
  expect(selectorsOfGroups(groups, { lookbackMs: 1_000 }).map(({ reachMs }) => reachMs)).toEqual([121_000]);
});

test("a rule is known again by its name and its labels as configured", () => {
  const identity = (text: string) =>
    readRuleFile("r.yml", rule(text)).groups.flatMap(({ rules }) => rules.map(identityOf))[0];
  expect(identity("expr: up\nlabels: {a: '1', b: '2'}")).toBe(
    identity("expr: down\nfor: 5m\nlabels: {b: '2', a: '1'}"),
  );
  expect(identity("expr: up\nlabels: {a: '1'}")).not.toBe(identity("expr: up\nlabels: {a: '2'}"));
});

test("whatever a file holds, it is rules or problems with a line, and never both taken as rules", async () => {
  const text = await readFile(new URL("../../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");
  const lines = text.split("\n");
  const edit = fc.record({
    line: fc.nat(lines.length - 1),
    at: fc.nat(40),
    gone: fc.nat(12),
    put: fc.string({ maxLength: 6 }),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const changed = [...lines];
      for (const { line, at, gone, put } of edits) {
        const before = changed[line] ?? "";
        changed[line] = before.slice(0, at) + put + before.slice(at + gone);
      }
      const { groups, problems: found, warnings } = readRuleFile("r.yml", changed.join("\n"));
      for (const { file, line, message } of [...found, ...warnings]) {
        expect([file, typeof line, message === ""]).toEqual(["r.yml", "number", false]);
      }
      if (found.length === 0) for (const { rules } of groups) for (const { query } of rules) expect(query).not.toBe("");
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["a rule that is no map", "groups: [{name: g, rules: [x]}]", "must be a map, but is a string"],
  ["labels that are a list", rule("expr: up\nlabels: [a]"), "must be a map, but is a list"],
  ["a label that is a map", rule("expr: up\nlabels: {a: {b: c}}"), "must be text, but is a map"],
  ["a limit that is none", "groups: [{name: g, limit: -1}]", "must be a whole number of 0 or more"],
  ["an offset into the future", "groups: [{name: g, query_offset: -5m}]", "must be a duration such as"],
  ["a for without a unit", rule("expr: up\nfor: 5"), "must be a duration such as"],
  ["a key twice", rule("expr: up\nexpr: down"), "the key stands twice in one map"],
  ["two documents", "groups: []\n---\ngroups: []", "there are several documents"],
])("%s is a problem", (_name, yaml, message) => {
  expect(problems(yaml).join("\n")).toContain(message);
});

test("what YAML repeats by an alias, and what stands over several lines, is read like anything else", () => {
  const { groups, problems: none } = readRuleFile(
    "r.yml",
    `groups:
- name: g
  labels: &common {team: fl}
  rules:
  - alert: A
    expr: >
      up
      == 0
    labels: *common
  - alert: B
    expr: "up
      == 1"
    labels:
      <<: *common
      severity: page
`,
  );
  expect(none).toEqual([]);
  expect(groups.flatMap(({ rules }) => rules.map(({ query, labels }) => [query, labels.length]))).toEqual([
    ["up == 0", 1],
    ["up == 1", 2],
  ]);
});
