import type { Place } from "@rondo/core";
import { anyValue } from "@rondo/otlp";
import { expect, test } from "vitest";
import { actions, type Edits } from "./attribute-action.ts";

/** A place that fails the test on any problem. */
const place: Place = {
  path: "",
  problem: (message) => {
    throw new Error(message);
  },
  warn() {},
  at: () => place,
};

function edits(...raw: readonly object[]): Edits | undefined {
  return actions("x").read(raw, place);
}

test("actions become edits in their order", () => {
  expect(
    edits(
      { action: "insert", key: "a", value: 1 },
      { action: "update", key: "b", from_attribute: "a" },
      { action: "delete", key: "c" },
      { action: "convert", key: "d", converted_type: "int" },
    ),
  ).toEqual([
    { action: "insert", key: "a", value: anyValue(1) },
    { action: "update", key: "b", fromAttribute: "a" },
    { action: "delete", key: "c" },
    { action: "convert", key: "d", to: "int" },
  ]);
});

test("a copy with a default is two edits: the copy goes last, but for insert, which happens once", () => {
  const copy = { key: "k", from_attribute: "f", default_value: "d" };
  expect(edits({ action: "upsert", ...copy })?.map((edit) => "value" in edit)).toEqual([true, false]);
  expect(edits({ action: "insert", ...copy })?.map((edit) => "value" in edit)).toEqual([false, true]);
});

test("delete and hash match any part of a key", () => {
  const [edit] = edits({ action: "hash", pattern: "secret" }) ?? [];
  if (edit?.action !== "hash") throw new Error("no hash");
  expect(["secret", "my_secrets", "public"].map((key) => edit.matches?.(key))).toEqual([true, true, false]);
});

test("a pattern gives the same answer however many keys it has seen", () => {
  const [edit] = edits({ action: "delete", pattern: "7$" }) ?? [];
  if (edit?.action !== "delete") throw new Error("no delete");
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 3_000; n++) expect(edit.matches?.(`key ${n}`)).toBe(n % 10 === 7);
  }
  expect(edit.matches?.(`${"x".repeat(1_000)}7`)).toBe(true);
});

test("extract gives every group, empty where it took no part, and nothing without a match", () => {
  const [edit] = edits({ action: "extract", key: "k", pattern: "(?P<a>x+)(?P<b>y)?" }) ?? [];
  if (edit?.action !== "extract") throw new Error("no extract");
  expect(edit.extract("zxxz")).toEqual([
    ["a", "xx"],
    ["b", ""],
  ]);
  expect(edit.extract("z")).toBeUndefined();
});

test("the documentation names every key of an action", () => {
  const element = actions("What to do.").docs.children?.["[]"];
  expect(Object.keys(element?.children ?? {})).toEqual([
    "key",
    "action",
    "value",
    "from_attribute",
    "from_context",
    "default_value",
    "pattern",
    "converted_type",
  ]);
  expect(actions("What to do.").docs.required).toBe(true);
});
