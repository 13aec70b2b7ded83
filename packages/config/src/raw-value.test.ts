import { choice, type FieldDoc, group, integer, list, map, secret, text } from "@rondo/core";
import { expect, test } from "vitest";
import { childDocs, docsAsGroup, elementDocs, rawValue, takesText } from "./raw-value.ts";
import { readYaml } from "./read-yaml.ts";

const FIELDS = {
  name: text("Name."),
  number: integer("Number."),
  token: secret("Token."),
  mode: choice("Mode.", ["007", "8"]),
  names: list("Names.", text("Name.")),
  modes: list("Modes.", choice("Mode.", ["1", "2"])),
  labels: map("Labels.", text("Label.")),
  inner: group("Inner.", { name: text("Name.") }),
};

test("text is as written, numbers are numbers, wherever the field stands", () => {
  const tree = readYaml(
    "f",
    "{name: 0123, number: 0123, token: 1e3, mode: 007, names: [0x1, true], labels: {a: 1.10}, inner: {name: 1_0}, other: 0123}",
    () => {},
  );
  expect(rawValue(tree, docsAsGroup(FIELDS))).toEqual(
    new Map<string, unknown>([
      ["name", "0123"],
      ["number", 83],
      ["token", "1e3"],
      ["mode", "007"],
      ["names", ["0x1", "true"]],
      ["labels", new Map([["a", "1.10"]])],
      ["inner", new Map([["name", "1_0"]])],
      ["other", 83],
    ]),
  );
});

test("a list that came from a variable stays a list, also one of choices", () => {
  const list = readYaml("f", "[1, 2]", () => {});
  if (list === undefined) throw new Error("is YAML");
  expect(rawValue({ ...list, written: "[1, 2]" }, FIELDS.modes.docs)).toEqual(["1", "2"]);
  expect(rawValue({ ...list, written: "[1, 2]" }, FIELDS.name.docs)).toBe("[1, 2]");
});

test("an unset variable is empty text, but no choice", () => {
  const unset = { kind: "scalar", value: null, written: "", mark: { file: "f" } } as const;
  expect([FIELDS.name, FIELDS.token, FIELDS.number, FIELDS.mode].map(({ docs }) => rawValue(unset, docs))).toEqual([
    ...["", ""],
    ...[null, null],
  ]);
});

test("documentation is found by key, with those of free maps and lists", () => {
  expect(childDocs(FIELDS.labels.docs, "anything")?.type).toBe("text");
  expect(childDocs(FIELDS.inner.docs, "constructor")).toBeUndefined();
  expect(childDocs(undefined, "x")).toBeUndefined();
  expect(elementDocs(FIELDS.names.docs)?.type).toBe("text");
  const made: FieldDoc = { ...FIELDS.inner.docs, type: "list of map" };
  expect(elementDocs(made)).toBe(made);
  expect([takesText(undefined), takesText(FIELDS.modes.docs), takesText(FIELDS.mode.docs)]).toEqual([
    false,
    false,
    true,
  ]);
});
