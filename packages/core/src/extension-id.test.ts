import { expect, test } from "vitest";
import { extensionId } from "./extension-id.ts";
import type { Place } from "./field.ts";

function read(raw: unknown) {
  const said: string[] = [];
  const place: Place = { path: "", problem: (message) => void said.push(message), warn() {}, at: () => place };
  return [extensionId("Who.", "keys/a").read(raw, place), ...said];
}

test("an id is one with or without a name", () => {
  expect([read("basicauth"), read("basicauth/a")]).toEqual([["basicauth"], ["basicauth/a"]]);
});

test("what is no id is told what one looks like", () => {
  expect(read("no such id")).toEqual([undefined, "must be the id of an extension, such as keys/a"]);
});
