import { hashSync } from "bcryptjs";
import { expect, test } from "vitest";
import { matchesHash } from "./hash-thread.ts";

test("checks bcrypt, in the spelling of PHP and Apache too, and MD5-crypt", () => {
  const hash = hashSync("pass", 4);
  expect(matchesHash(hash, "pass")).toBe(true);
  expect(matchesHash(hash.replace("$2b$", "$2y$"), "pass")).toBe(true);
  expect(matchesHash(hash, "Pass")).toBe(false);
  expect(matchesHash("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "myPassword")).toBe(true);
});
