import { expect, test } from "vitest";
import { isMd5Crypt, matchesMd5Crypt } from "./md5-crypt.ts";

// Made by `openssl passwd -apr1` and `-1`; the first is the example of Apache's documentation.
test.each([
  ["$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "myPassword"],
  ["$1$abc$slWW57FRrAoZ7sZIQUP4N/", "myPassword"],
])("%s is of %s alone", (stored, password) => {
  expect(isMd5Crypt(stored)).toBe(true);
  expect(matchesMd5Crypt(stored, password)).toBe(true);
  for (const other of ["", "mypassword", `${password} `, "x".repeat(100)]) {
    expect(matchesMd5Crypt(stored, other)).toBe(false);
  }
});

test("other forms are not of this kind, and match nothing", () => {
  for (const stored of ["", "plain", "$apr1$toolongasalt$HqJZimcKQFAMYayBlzkrA/", "$2b$05$x", "$apr1$a$short"]) {
    expect(isMd5Crypt(stored)).toBe(false);
    expect(matchesMd5Crypt(stored, stored)).toBe(false);
  }
});
