import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { matchesDigest, parseHtpasswd } from "./htpasswd.ts";

const sha1 = (...parts: string[]) => createHash("sha1").update(parts.join("")).digest();
const BCRYPT = `$2y$10$${"a".repeat(53)}`;
const APACHE = "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/";

test("reads every kind of password that the Collector takes", () => {
  const ssha = Buffer.concat([sha1("pass", "salt"), Buffer.from("salt")]).toString("base64");
  const text = `# users\n\na:${BCRYPT}\nb:${APACHE}\r\nc:{SHA}${sha1("pass").toString("base64")}\nd:{SSHA}${ssha}\ne:pa:ss\n`;
  const users = parseHtpasswd(text, "f");
  expect([...users].map(([name, { kind }]) => [name, kind])).toEqual([
    ["a", "slow"],
    ["b", "slow"],
    ["c", "digest"],
    ["d", "digest"],
    ["e", "digest"],
  ]);
  for (const [name, password] of [
    ["c", "pass"],
    ["d", "pass"],
    ["e", "pa:ss"],
  ] as const) {
    const stored = users.get(name);
    if (stored?.kind !== "digest") throw new Error(`${name} is slow`);
    expect(matchesDigest(stored, password)).toBe(true);
    expect(matchesDigest(stored, "other")).toBe(false);
  }
});

test("of a user that stands there twice the last line counts", () => {
  const stored = parseHtpasswd("a:one\na:two", "f").get("a");
  expect(stored?.kind === "digest" && matchesDigest(stored, "two")).toBe(true);
});

test.each([
  ["no colon", "canary", "must be user:password"],
  ["no user", ":canary", "must be user:password"],
  ["an empty password", "a:", "the password is empty"],
  ["a hash that takes for ever", `a:$2y$31$${"a".repeat(53)}`, "bcrypt's cost must be from 4 to 14"],
  ["SHA-crypt", "a:$6$salt$canary", "the kind of hash is not known"],
  ["an unknown scheme", "a:{CRYPT}canary", "the kind of hash is not known"],
  ["half a hash", "a:{SHA}Y2FuYXJ5", "the hash is not whole"],
])("%s is named by its line, and not shown", (_, line, message) => {
  const parse = () => parseHtpasswd(`ok:pass\n${line}\n`, "k: file");
  expect(parse).toThrow(`k: file, line 2: ${message}`);
  expect(parse).not.toThrow("canary");
});
