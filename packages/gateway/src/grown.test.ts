import { expect, test } from "vitest";
import { grown } from "./grown.ts";

test("what was there stays, and the memory that it was in goes back", () => {
  const first = grown(undefined, 0, 4);
  first.write("abcd");
  const second = grown(first, 3, 10);
  expect(second.toString("latin1", 0, 3)).toBe("abc");
  expect([first.length, second.length, second.buffer.byteLength]).toEqual([0, 10, 10]);
  expect(grown(undefined, 0, 0).buffer).not.toBe(grown(undefined, 0, 0).buffer);
});
