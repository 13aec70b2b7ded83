import type { Place } from "@rondo/core";
import { expect, test } from "vitest";
import { size } from "./size.ts";

const said: string[] = [];
const place: Place = { path: "", problem: (message) => void said.push(message), warn() {}, at: () => place };

test.each([
  [7, 7],
  ["7", 7],
  ["7 B", 7],
  ["2KiB", 2048],
  ["1 MiB", 1 << 20],
  [undefined, 64 << 10],
])("%s is %s bytes", (raw, bytes) => {
  expect(size("", "64KiB", { min: "1B", max: "1GiB" }).read(raw, place)).toBe(bytes);
});

test.each(["7MB", "-1", "1.5MiB", "", "2GiB", "0"])("%j is refused with the bounds and an example", (raw) => {
  said.length = 0;
  expect(size("", "64KiB", { min: "1B", max: "1GiB" }).read(raw, place)).toBeUndefined();
  expect(said).toEqual(["must be a size from 1B to 1GiB, such as 64KiB"]);
});
