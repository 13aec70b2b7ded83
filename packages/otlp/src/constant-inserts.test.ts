import { expect, test } from "vitest";
import { anyValue, keyValue } from "./any-value.ts";
import { ConstantInserts } from "./constant-inserts.ts";
import { compileEdits, type Edit } from "./edit.ts";
import { Writer } from "./writer.ts";

const utf8 = (text: string) => Buffer.from(text, "utf8");
const pair = (key: string, text: string) => keyValue(utf8(key), anyValue(text));
const insert = (key: string, text: string): Edit => ({ action: "insert", key, value: anyValue(text) });
const FIELD = 9;

/** What two inserts put behind a message, which stands in the middle of its memory; undefined where it is unusual. */
function lacking(message: Uint8Array, ...edits: readonly Edit[]): string | undefined {
  const bytes = Buffer.concat([Buffer.alloc(3), message, Buffer.alloc(9, 0x4a)]).subarray(1);
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = compileEdits(edits).inserts?.lacking(bytes, data, 2, 2 + message.length, FIELD);
  return found && Buffer.from(found).toString("hex");
}

const fields = (...pairs: readonly Uint8Array[]) => {
  const out = new Writer();
  for (const each of pairs) out.bytes(FIELD, each);
  return Buffer.from(out.finish()).toString("hex");
};
const message = (...pairs: readonly Uint8Array[]) =>
  Buffer.concat([
    new Writer().text(5, "name").fixed64(1n).finish().subarray(0, 6),
    Buffer.from(fields(...pairs), "hex"),
    new Writer().tag(16, 5).fixed32(1).finish(),
  ]);

const two = [insert("environment", "p"), insert("b", "q")];

test.each<[string, Uint8Array, readonly Uint8Array[]]>([
  ["an empty message", new Uint8Array(0), [pair("environment", "p"), pair("b", "q")]],
  ["neither", message(pair("a", "1")), [pair("environment", "p"), pair("b", "q")]],
  ["one", message(pair("environment", "x")), [pair("b", "q")]],
  ["the other", message(pair("c", "1"), pair("b", "x")), [pair("environment", "p")]],
  ["both", message(pair("b", "x"), pair("environment", "x")), []],
  [
    "a key of its length",
    message(pair("environmenT", "x"), pair("Environment", "x")),
    two.map(() => new Uint8Array(0)),
  ],
  ["a long one", message(pair("environment", "x".repeat(300)), pair("b", "y".repeat(120))), []],
])("adds what is lacking where there is %s", (name, bytes, expected) => {
  const added = name === "a key of its length" ? [pair("environment", "p"), pair("b", "q")] : expected;
  expect(lacking(bytes, ...two)).toBe(fields(...added));
});

test("keys are told apart whose lengths differ by 32", () => {
  const [long, short] = ["k".repeat(33), "k"];
  expect(lacking(message(pair(long, "1")), insert(short, "s"))).toBe(fields(pair(short, "s")));
  expect(lacking(message(pair(short, "1")), insert(long, "l"), insert(short, "s"))).toBe(fields(pair(long, "l")));
});

test("of two inserts of one key the first counts", () => {
  expect(lacking(message(), insert("a", "1"), insert("a", "2"))).toBe(fields(pair("a", "1")));
});

test.each([
  ["value before key", "4a06120161"],
  ["no value", "4a030a0161"],
  ["no key", "4a021200"],
  ["a field beside them", "4a0a0a0161120018011a0178"],
  ["the value twice", "4a070a016112001200"],
  ["an empty pair", "4a00"],
  ["a long varint", "08ff01"],
  ["a pair that runs past the end", "4a080a016112"],
  ["a key that runs past its pair", "4a040a096161"],
  ["a value that runs past its pair", "4a050a01611205"],
  // The first byte of its length fits, as if it were the whole.
  ["a length of two bytes that lies", `4a8a010a01611285${"00".repeat(133)}`],
])("leaves to others: %s", (_, hex) => {
  expect(lacking(Buffer.from(hex, "hex"), ...two)).toBe(undefined);
});

test("is for programs of nothing but such inserts, and not too many", () => {
  expect(compileEdits([...two, { action: "delete", key: "a" }]).inserts).toBe(undefined);
  expect(compileEdits([{ action: "insert", key: "a", fromAttribute: "b" }]).inserts).toBe(undefined);
  const many = (count: number) => compileEdits(Array.from({ length: count }, (_, i) => insert(`key ${i}`, "")));
  expect(many(30).inserts).toBeInstanceOf(ConstantInserts);
  expect(many(31).inserts).toBe(undefined);
});
