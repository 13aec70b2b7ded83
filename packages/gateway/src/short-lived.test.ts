import { expect, test } from "vitest";
import { shortLived } from "./short-lived.ts";

test("every 32 MiB are collected once", () => {
  let collections = 0;
  const dropped = shortLived(() => {
    collections += 1;
  });
  for (let i = 0; i < 1_024; i++) dropped(64 << 10);
  expect(collections).toBe(2);
});
