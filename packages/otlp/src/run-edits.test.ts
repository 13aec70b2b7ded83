import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { anyValue, keyValue, type Value } from "./any-value.ts";
import { AttributeList } from "./attribute-list.ts";
import { Cursor } from "./cursor.ts";
import { compileEdits, type Edit } from "./edit.ts";
import { editAttributes } from "./edit-requests.ts";
import { valueText } from "./value-text.ts";
import { Writer } from "./writer.ts";

type Pairs = readonly (readonly [key: string, value: Value])[];

/** The attributes after the edits, values as text. */
function edited(pairs: Pairs, ...edits: Edit[]): string[] {
  const message = new Writer();
  for (const [key, value] of pairs) message.bytes(1, keyValue(Buffer.from(key), anyValue(value)));
  const result = editAttributes(message.finish(), 1, compileEdits(edits));
  const list = new AttributeList(result);
  list.read(new Cursor(result), 1);
  return Array.from({ length: list.length }, (_, i) => `${list.key(i)}=${valueText(list.value(i))}`);
}

const sha256 = (input: string | Buffer) => createHash("sha256").update(input).digest("hex");
const bytes = (hex: string) => Buffer.from(hex, "hex");

test("insert, update and upsert look at what is there", () => {
  const pairs: Pairs = [["a", "1"]];
  const value = anyValue("new");
  expect(edited(pairs, { action: "insert", key: "a", value }, { action: "insert", key: "b", value })).toEqual([
    "a=1",
    "b=new",
  ]);
  expect(edited(pairs, { action: "update", key: "a", value }, { action: "update", key: "b", value })).toEqual([
    "a=new",
  ]);
  expect(edited(pairs, { action: "upsert", key: "a", value }, { action: "upsert", key: "b", value })).toEqual([
    "a=new",
    "b=new",
  ]);
});

test("each edit sees what the ones before it did", () => {
  const list = edited(
    [["user", "eve"]],
    { action: "insert", key: "copy", fromAttribute: "user" },
    { action: "hash", key: "copy" },
    { action: "delete", key: "user" },
    { action: "upsert", key: "again", fromAttribute: "copy" },
    { action: "insert", key: "never", fromAttribute: "user" },
  );
  expect(list).toEqual([`copy=${sha256("eve")}`, `again=${sha256("eve")}`]);
});

test("delete leaves nothing of a key that repeats", () => {
  expect(
    edited(
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
      { action: "delete", key: "a" },
    ),
  ).toEqual(["b=2"]);
  expect(
    edited(
      [
        ["a.x", "1"],
        ["b", "2"],
        ["a.y", "3"],
      ],
      { action: "delete", matches: (key) => key.startsWith("a.") },
    ),
  ).toEqual(["b=2"]);
});

test.each<[string, Value, string]>([
  ["text", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["an int as eight bytes", 1n, sha256(bytes("0100000000000000"))],
  ["a negative int", -1n, sha256(bytes("ffffffffffffffff"))],
  ["a double by its bits", 1.5, sha256(bytes("000000000000f83f"))],
  ["true as one byte", true, sha256(bytes("01"))],
  ["false as one byte", false, sha256(bytes("00"))],
  ["no text", "", ""],
  ["a list", ["a"], ""],
  ["nothing", null, ""],
])("hashes %s as the Collector does", (_name, value, hash) => {
  expect(edited([["k", value]], { action: "hash", key: "k" })).toEqual([`k=${hash}`]);
});

test("a key and a pattern that both mean an attribute hash it once", () => {
  expect(edited([["k", "abc"]], { action: "hash", key: "k", matches: () => true })).toEqual([`k=${sha256("abc")}`]);
});

test("extract sets what the caller finds, in strings only", () => {
  const extract = (text: string) => {
    const found = /^(\w+)@(\w+)/.exec(text);
    return found
      ? ([
          ["user", found[1] ?? ""],
          ["host", found[2] ?? ""],
        ] as const)
      : undefined;
  };
  expect(
    edited(
      [
        ["login", "eve@home"],
        ["user", "old"],
      ],
      { action: "extract", key: "login", extract },
    ),
  ).toEqual(["login=eve@home", "user=eve", "host=home"]);
  expect(edited([["login", "nobody"]], { action: "extract", key: "login", extract })).toEqual(["login=nobody"]);
  expect(edited([["login", 5n]], { action: "extract", key: "login", extract })).toEqual(["login=5"]);
});

test("convert changes the type where the value allows it", () => {
  expect(
    edited(
      [
        ["a", "5"],
        ["b", "x"],
      ],
      { action: "convert", key: "a", to: "double" },
      { action: "convert", key: "b", to: "int" },
    ),
  ).toEqual(["a=5", "b=x"]);
});
