import { defineExtension, readFields, silentLog, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { place } from "../rig.cases.ts";
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
