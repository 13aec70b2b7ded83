import { expect, test } from "vitest";
import { collections } from "./collections.ts";

test("asks for what is young or for everything, and is not there where V8 does not offer it", () => {
  const asked: unknown[] = [];
  // V8's function has a second form, which is not used here.
  const gc = ((options: unknown) => void asked.push(options)) as typeof globalThis.gc;
  const made = collections(gc);
  made?.young();
  made?.full();
  expect(asked).toEqual([{ type: "minor" }, { type: "major" }]);
  if (globalThis.gc === undefined) expect(collections()).toBeUndefined();
});
