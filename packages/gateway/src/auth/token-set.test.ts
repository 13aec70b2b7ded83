import { expect, test } from "vitest";
import { sameText, tokenSet } from "./token-set.ts";

test("finds the owner of a token, and nobody for anything near it", () => {
  const set = tokenSet([
    ["secret-a", "a"],
    ["secret-b", "b"],
    ["secret-a", "late"],
  ]);
  expect(set.ownerOf("secret-a")).toBe("a");
  expect(set.ownerOf("secret-b")).toBe("b");
  for (const near of ["", "secret-", "secret-a ", "Secret-a", "secret-aa"]) expect(set.ownerOf(near)).toBeUndefined();
});

test("compares texts", () => {
  expect(sameText("a", "a")).toBe(true);
  expect(sameText("a", "ab")).toBe(false);
});
