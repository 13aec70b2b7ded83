import { expect, test } from "vitest";
import { MESSAGES } from "./gen/schema.ts";
import { KeyTable, startsWith } from "./key-table.ts";
import { messageOf } from "./schema.ts";

const entry = (name: string) => ({ quoted: Buffer.from(`"${name}"`) });

test("finds each name of a message and no other", () => {
  for (const message of Object.keys(MESSAGES).map(messageOf)) {
    const table = new KeyTable(message.byName.values());
    for (const field of message.byName.values()) {
      const text = Buffer.from(`  "${field.name}":`);
      expect(table.find(text, 2, text.length - 1)).toBe(field);
      expect(table.find(text, 2, text.length - 2)).toBeUndefined();
    }
  }
});

test("names that share a slot are told apart", () => {
  const [first, second] = [entry("abcd"), entry("axyd")];
  const table = new KeyTable([first, second]);
  expect(table.find(first.quoted, 0, 6)).toBe(first);
  expect(table.find(second.quoted, 0, 6)).toBe(second);
  expect(table.find(entry("aqqd").quoted, 0, 6)).toBeUndefined();
  expect(table.find(Buffer.from('""'), 0, 2)).toBeUndefined();
});

test("a part is compared wherever it stands", () => {
  expect(startsWith(Buffer.from("xyz"), 1, Buffer.from("yz"))).toBe(true);
  expect(startsWith(Buffer.from("xyz"), 1, Buffer.from("y!"))).toBe(false);
});
