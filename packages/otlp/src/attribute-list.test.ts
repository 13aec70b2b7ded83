import { expect, test } from "vitest";
import { anyValue, keyValue } from "./any-value.ts";
import { AttributeList } from "./attribute-list.ts";
import { Cursor } from "./cursor.ts";
import { Splices } from "./splices.ts";
import { valueText } from "./value-text.ts";
import { Writer } from "./writer.ts";

const utf8 = (text: string) => Buffer.from(text, "utf8");
const pair = (key: string, text: string) => keyValue(utf8(key), anyValue(text));

function listOf(message: Uint8Array): AttributeList {
  const list = new AttributeList(message);
  list.read(new Cursor(message), 9);
  return list;
}

const texts = (message: Uint8Array) => {
  const list = listOf(message);
  return Array.from({ length: list.length }, (_, i) => `${list.key(i)}=${valueText(list.value(i))}`);
};

test("reads attributes of every shape", () => {
  const message = new Writer()
    .text(5, "name")
    .bytes(9, pair("usual", "1"))
    .bytes(9, Buffer.from(pair("long", "x".repeat(200))))
    .bytes(9, Buffer.concat([Buffer.from("12030a0176", "hex"), Buffer.from("0a0376666b", "hex")])) // value before key
    .bytes(9, Buffer.concat([pair("twice", "a"), new Writer().bytes(2, anyValue("b")).finish()])) // the value in fragments
    .bytes(9, new Uint8Array(0))
    .bytes(8, pair("not an attribute", "2"))
    .finish();
  expect(texts(message)).toEqual(["usual=1", `long=${"x".repeat(200)}`, "vfk=v", "twice=b", "="]);
});

test("finds the first of a key, and the next from there", () => {
  const message = new Writer().bytes(9, pair("a", "1")).bytes(9, pair("b", "2")).bytes(9, pair("a", "3")).finish();
  const list = listOf(message);
  expect([list.find(utf8("a")), list.find(utf8("a"), 1), list.find(utf8("b"), 2), list.find(utf8(""))]).toEqual([
    0, 2, -1, -1,
  ]);
  list.remove(0);
  expect([list.has(0), list.find(utf8("a"))]).toEqual([false, 2]);
  expect(() => list.value(3)).toThrow(RangeError);
});

test("writes back what changed, and only that", () => {
  const message = new Writer().bytes(9, pair("a", "1")).bytes(9, pair("b", "2")).bytes(9, pair("c", "3")).finish();
  const list = listOf(message);
  const emitted = () => {
    const splices = new Splices();
    list.emit(splices, 9, message.length);
    return splices.apply(message);
  };
  list.set(0, anyValue("1"));
  expect(emitted()).toBe(message);
  list.set(0, anyValue("a longer one"));
  list.remove(1);
  list.add(utf8("d"), anyValue("4"));
  expect(texts(emitted())).toEqual(["a=a longer one", "c=3", "d=4"]);
});

test("reads so many at a time, and says whether the message goes on", () => {
  const message = new Writer().bytes(9, pair("a", "1")).text(5, "name").bytes(9, pair("b", "2")).finish();
  const list = new AttributeList(message);
  const rest = new Cursor(message);
  const keys = () => Array.from({ length: list.length }, (_, i) => list.key(i));
  expect([list.read(rest, 9, 1), keys()]).toEqual([true, ["a"]]);
  expect([list.read(rest, 9, 1), keys()]).toEqual([true, ["b"]]);
  expect([list.read(rest, 9, 1), keys()]).toEqual([false, []]);
});
