import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientTls, saslFields, systemClock } from "@rondo/core";
import { afterAll, expect, test } from "vitest";
import { loginOf } from "./login.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-login-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "secret");

const place = { path: "", problem: (message: string) => expect.fail(message), warn: () => {}, at: () => place };
function login(raw: object) {
  const sasl = saslFields.read(raw, place);
  return loginOf(sasl === undefined ? {} : { sasl }, systemClock);
}
const scram = { mechanism: "SCRAM-SHA-256", username: "u" };

test("without anything nothing is presented", async () => {
  expect(await loginOf({}, systemClock)()).toEqual({});
});

test("a password is the configuration's, or its file's of this moment", async () => {
  expect(await login({ mechanism: "PLAIN", username: "u", password: "p" })()).toEqual({
    sasl: { mechanism: "plain", username: "u", password: "p" },
  });
  const enter = login({ ...scram, password_file: file });
  for (const [content, password] of [
    ["one", "one"],
    ["two\n", "two"],
    ["three \r\n", "three "],
  ] as const) {
    writeFileSync(file, content);
    expect(await enter()).toEqual({ sasl: { mechanism: "scram-sha-256", username: "u", password } });
  }
});

test("a file that cannot be a secret is named, and what is in it is not", async () => {
  const enter = login({ ...scram, password_file: file });
  writeFileSync(file, "");
  await expect(enter()).rejects.toThrow(`sasl::password_file: ${file} is empty`);
  writeFileSync(file, "canary".repeat(20_000));
  await expect(enter()).rejects.toThrow("has 120000 B, more than 65536 B");
  await expect(enter()).rejects.not.toThrow("canary");
  await expect(login({ ...scram, password_file: folder })()).rejects.toThrow("cannot be read (EISDIR)");
});

test("a token out of its file is presented as a bearer's", async () => {
  writeFileSync(file, "a.b.c\n");
  const enter = login({ mechanism: "OAUTHBEARER", oauth: { token_file: file } });
  expect(await enter()).toMatchObject({ sasl: { mechanism: "OAUTHBEARER" } });
  writeFileSync(file, "no token\n");
  await expect(enter()).rejects.toThrow("characters that no bearer token has");
});

test("certificates are read anew for every connection", async () => {
  const tls = clientTls.read({ ca_file: file }, place);
  const enter = loginOf(tls === undefined ? {} : { tls }, systemClock);
  writeFileSync(file, "one");
  expect(await enter()).toMatchObject({ ssl: { ca: [Buffer.from("one")], rejectUnauthorized: true } });
  writeFileSync(file, "two");
  expect(await enter()).toMatchObject({ ssl: { ca: [Buffer.from("two")] } });
});
