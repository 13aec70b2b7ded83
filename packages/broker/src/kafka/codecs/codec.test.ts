import { expect, test } from "vitest";
import { corrupt, joined, tooLarge } from "./codec.ts";

test("one piece is handed on as it is, several are joined", () => {
  const one = Buffer.from("a");
  expect(joined([one])).toBe(one);
  expect(joined([one, Buffer.from("b")]).toString()).toBe("ab");
  expect(joined([])).toHaveLength(0);
});

test("faults name the codec, and the limit", () => {
  expect(corrupt("lz4", "no frame")).toMatchObject({ code: "corrupt", message: "lz4: no frame" });
  expect(tooLarge("gzip", 7)).toMatchObject({ code: "too_large", message: expect.stringContaining("the 7 B") });
});
