import { expect, test } from "vitest";
import { youngCollection } from "./young-collection.ts";

test("asks for what is young alone, and is not there where V8 does not offer it", () => {
  const asked: unknown[] = [];
  // V8's function has a second form, which is not used here.
  const gc = ((options: unknown) => void asked.push(options)) as typeof globalThis.gc;
  youngCollection(gc)?.();
  expect(asked).toEqual([{ type: "minor" }]);
  if (globalThis.gc === undefined) expect(youngCollection()).toBeUndefined();
});
