import { Socket } from "node:net";
import { defineExtension, readFields, silentLog, systemClock } from "@rondo/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { place } from "../rig.cases.ts";
import { isIdentity } from "./authenticator.ts";
import { basicAuthExtension } from "./basic-auth.ts";
import { bearerTokenAuthExtension } from "./bearer-token-auth.ts";
import { openAuthenticators } from "./open-authenticators.ts";

const other = defineExtension({ type: "other", summary: "Is no authenticator.", signals: [], fields: {} });
const around = { clock: systemClock, log: silentLog, reloaded: () => {} };
const tokens = (id: string, raw: object) => {
  const values = readFields(bearerTokenAuthExtension.fields, raw, place());
  return { id, type: bearerTokenAuthExtension, values };
};

test("opens the authenticators among the extensions, by id", async () => {
  const extensions = [{ id: "other", type: other, values: {} }, tokens("bearertokenauth/a", { token: "x" })];
  const opened = await openAuthenticators({ ...around, extensions });
  expect([...opened.keys()]).toEqual(["bearertokenauth/a"]);
});

test("one that cannot be opened is named by its place in the configuration", async () => {
  const extensions = [tokens("bearertokenauth", { token: "x" }), tokens("bearertokenauth/b", { filename: "absent" })];
  await expect(openAuthenticators({ ...around, extensions })).rejects.toMatchObject({
    code: "config",
    message: "extensions::bearertokenauth/b::filename: absent cannot be read (ENOENT)",
  });
});

test("whatever a client sends, it is answered and not let in", async () => {
  const users = readFields(basicAuthExtension.fields, { htpasswd: { inline: "alice:pass" } }, place());
  const extensions = [
    { id: "basicauth", type: basicAuthExtension, values: users },
    tokens("bearertokenauth", { token: "secret" }),
    tokens("bearertokenauth/key", { header: "X-Key", scheme: "", token: "secret" }),
  ];
  const opened = await openAuthenticators({ ...around, extensions });
  const scheme = fc.constantFrom("", "Basic ", "basic  ", "Bearer ", "BEARER", "Bearer Bearer ");
  const rest = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.base64String(),
    fc.string().map((text) => Buffer.from(text).toString("base64")),
    fc.constantFrom("alice:pass", "alice:", ":", "", "x".repeat(100_000)),
  );
  const socket = new Socket();
  fc.assert(
    fc.property(scheme, rest, (before, after) => {
      const headers = { authorization: before + after, "x-key": after };
      for (const one of opened.values()) {
        const known = one.authenticate(headers, socket);
        if (known instanceof Promise || isIdentity(known)) throw new Error("let in");
        expect(known.code).toBe("unauthenticated");
      }
    }),
    { numRuns: 2_000 },
  );
  for (const one of opened.values()) one.close();
});
