import { hashSync } from "bcryptjs";
import { expect, test } from "vitest";
import { MAX_WAITING, slowHashes } from "./slow-hashes.ts";

test("checks in a thread, refuses what is too much, and ends", async () => {
  const hashes = slowHashes();
  const hash = hashSync("pass", 4);
  expect(await hashes.matches(hash, "pass")).toBe(true);
  expect(await hashes.matches(hash, "other")).toBe(false);
  const slow = hashSync("pass", 8);
  const many = Array.from({ length: MAX_WAITING + 1 }, () => hashes.matches(slow, "pass").catch((thrown) => thrown));
  expect(await many.at(-1)).toMatchObject({ code: "throttled" });
  hashes.close();
  const [first, last] = [await many[0], await many.at(-2)];
  expect(first === true || first?.code === "unavailable").toBe(true);
  expect(last).toMatchObject({ code: "unavailable" });
  // What comes after the end of a thread begins another.
  expect(await hashes.matches(hash, "pass")).toBe(true);
  hashes.close();
});

test("the end of a thread is none of what its successor was asked", async () => {
  const hashes = slowHashes();
  const slow = hashSync("pass", 8);
  const ended = hashes.matches(slow, "pass").catch((thrown) => thrown);
  hashes.close();
  const next = hashes.matches(slow, "pass");
  expect(await ended).toMatchObject({ code: "unavailable" });
  expect(await next).toBe(true);
  hashes.close();
});
