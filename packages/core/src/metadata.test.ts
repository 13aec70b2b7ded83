import { expect, test } from "vitest";
import { isBinaryKey, isSecretKey } from "./metadata.ts";

test("what holds credentials is known by its name", () => {
  expect(["authorization", "cookie", "x-tenant"].map(isSecretKey)).toEqual([true, true, false]);
});

test("binary metadata of gRPC is known by its end", () => {
  expect(["trace-bin", "bin", "x-tenant"].map(isBinaryKey)).toEqual([true, false, false]);
});
