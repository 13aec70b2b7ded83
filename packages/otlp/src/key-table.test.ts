import { expect, test } from "vitest";
import { MESSAGES } from "./gen/schema.ts";
import { KeyTable, quoted, startsWith, viewOf } from "./key-table.ts";
import { messageOf } from "./schema.ts";

const entry = (name: string) => ({ quoted: quoted(name) });
const view = (text: string) => viewOf(Buffer.from(text));

test("finds each name of a message and no other", () => {
  for (const message of Object.keys(MESSAGES).map(messageOf)) {
    const table = new KeyTable(message.byName.values());
    for (const field of message.byName.values()) {
      const text = view(`  "${field.name}":`);
      expect(table.find(text, 2, text.byteLength - 1)).toBe(field);
      expect(table.find(text, 2, text.byteLength - 2)).toBeUndefined();
    }
  }
});

test("names that share a slot are told apart", () => {
  const [first, second] = [entry("abcd"), entry("axyd")];
  const table = new KeyTable([first, second]);
  expect(table.find(first.quoted, 0, 6)).toBe(first);
  expect(table.find(second.quoted, 0, 6)).toBe(second);
  expect(table.find(entry("aqqd").quoted, 0, 6)).toBeUndefined();
  expect(table.find(view('""'), 0, 2)).toBeUndefined();
});

test("a part is compared wherever it stands", () => {
  expect(startsWith(view("-abcdefg"), 1, view("abcdef"))).toBe(true);
  for (const part of ["abcdefx", "abcxefg", "xbcdefg", "abcx"])
    expect(startsWith(view("-abcdefg"), 1, view(part))).toBe(false);
});
