import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, readFields, silentLog, systemClock } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { hashSync } from "bcryptjs";
import { afterAll, expect, test } from "vitest";
import { exportLogs, postLogs } from "../clients.cases.ts";
import { place, request, rig } from "../rig.cases.ts";
import { isIdentity } from "./authenticator.ts";
import { basicAuthExtension, openBasicAuth } from "./basic-auth.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-htpasswd-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Seconds that pass in milliseconds, so that a test need not wait for a file to be looked at. */
const hasty: Clock = { ...systemClock, after: (ms, run, options) => systemClock.after(Math.min(ms, 25), run, options) };

function read(raw: object) {
  const said: string[] = [];
  const at = place("", said);
  const values = readFields(basicAuthExtension.fields, raw, at);
  if (values !== undefined) basicAuthExtension.check?.(values, at);
  return { values, said };
}

function valuesOf(raw: object) {
  const { values, said } = read(raw);
  if (values === undefined) throw new Error(said.join("; "));
  return values;
}

/** A gateway whose both listeners ask the extension with these settings. */
function guarded(raw: object, over: Parameters<typeof rig>[0] = {}) {
  const auth = { authenticator: "basicauth/sites" };
  const extensions = [{ id: "basicauth/sites", type: basicAuthExtension, values: valuesOf(raw) }];
  return rig({ extensions, grpc: { auth }, http: { auth }, ...over });
}

const body = request("logs", ["a"]);
const basic = (user: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` },
});

const HASH = hashSync("pass", 4);

test.each([
  ["no users", {}, ["htpasswd: must have file or inline: without users, nobody could be let in"]],
  [
    "an empty list",
    { htpasswd: { inline: " \n" } },
    ["htpasswd: must have file or inline: without users, nobody could be let in"],
  ],
  [
    "a tenant that is none",
    { htpasswd: { inline: "a:b" }, tenants: { a: "x y" } },
    [expect.stringMatching(/^tenants::a: must name a tenant/)],
  ],
  [
    "credentials of an exporter",
    { htpasswd: { inline: "a:b" }, client_auth: {} },
    [expect.stringMatching(/^client_auth: is not built yet/)],
  ],
])("%s is a problem", (_, raw, expected) => {
  expect(read(raw).said).toEqual(expected);
});

test("users are let in by slow and by quick hashes, each into the log of a tenant, on both transports", async () => {
  const inline = `alice:${HASH}\nbob:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\ncarol:plain:text`;
  await using it = await guarded({
    htpasswd: { inline },
    tenant: "common",
    tenants: { alice: "site-a", bob: "site-b" },
  });
  for (const saying of [basic("alice", "pass"), basic("bob", "myPassword"), basic("carol", "plain:text")]) {
    expect(await postLogs(it.http, body, saying)).toMatchObject({ status: 200 });
    expect(await exportLogs(it.grpc, body, saying)).toMatchObject({ status: 0 });
  }
  const tenants = it.broker.records("otlp_logs").map(({ headers }) => headers["tenant"]);
  expect(tenants).toEqual(["site-a", "site-a", "site-b", "site-b", "common", "common"]);
});

test.each([
  ["nothing", {}],
  ["a wrong password", basic("alice", "canary")],
  ["an unknown user", basic("mallory", "pass")],
  ["a user of the prototype", basic("__proto__", "pass")],
  ["a token", { headers: { authorization: "Bearer pass" } }],
  ["no colon", { headers: { authorization: `Basic ${Buffer.from("alice").toString("base64")}` } }],
  ["what is no base64", { headers: { authorization: "Basic \u00e4" } }],
])("%s is 401 and UNAUTHENTICATED, before any credit is taken, and repeats no password", async (_, saying) => {
  await using it = await guarded({ htpasswd: { inline: `alice:${HASH}` } }, { creditsBytes: 1 });
  const http = await postLogs(it.http, body, saying);
  expect(http).toMatchObject({ status: 401, headers: { "www-authenticate": 'Basic realm="rondo", charset="UTF-8"' } });
  const grpc = await exportLogs(it.grpc, body, saying);
  expect(grpc.status).toBe(16);
  expect(http.message + grpc.message).not.toContain("canary");
});

test("good credentials of somebody without a tenant here are 403 and PERMISSION_DENIED", async () => {
  await using it = await guarded({ htpasswd: { inline: `alice:${HASH}\nbob:quick` }, tenants: { carol: "site-c" } });
  for (const saying of [basic("alice", "pass"), basic("bob", "quick")]) {
    const http = await postLogs(it.http, body, saying);
    expect(http.status).toBe(403);
    expect(http.headers["www-authenticate"]).toBeUndefined();
    expect(await exportLogs(it.grpc, body, saying)).toMatchObject({ status: 7, message: /no tenant here/ });
  }
});

test("a revoked user is out when the file says so, whatever was remembered; a broken file leaves the last good", async () => {
  const file = join(folder, "users");
  writeFileSync(file, `alice:${HASH}\n`);
  const told: string[] = [];
  const log = { ...silentLog, error: (_: string, fields?: object) => void told.push(JSON.stringify(fields)) };
  await using it = await guarded({ htpasswd: { file, inline: "root:inline" } }, { clock: hasty, log });
  const status = async (user: string, password: string) =>
    (await postLogs(it.http, body, basic(user, password))).status;
  expect([await status("alice", "pass"), await status("root", "inline")]).toEqual([200, 200]);
  writeFileSync(file, "canary-line-without-user\n");
  await expect.poll(() => told.join()).toContain("users, line 1: must be user:password");
  expect(told.join()).not.toContain("canary");
  expect(await status("alice", "pass")).toBe(200);
  writeFileSync(file, `bob:${HASH}\n`);
  await expect.poll(() => status("alice", "pass")).toBe(401);
  expect([await status("bob", "pass"), await status("root", "inline")]).toEqual([200, 200]);
});

test("a slow hash is asked once for many requests, of which few wait, and who guesses keeps out nobody but the user guessed at", async () => {
  const values = valuesOf({ htpasswd: { inline: `alice:${hashSync("pass", 8)}\nbob:${HASH}` } });
  const nothing = { clock: systemClock, log: silentLog, reloaded: () => {} };
  const auth = await openBasicAuth(values, { ...nothing, key: "k", everyMs: 0 });
  const ask = (user: string, password: string) => auth.authenticate(basic(user, password).headers, new Socket());
  const many = Array.from({ length: 100 }, () => ask("alice", "pass"));
  expect(many.filter((one) => one instanceof Promise)).toHaveLength(8);
  expect(many.at(-1)).toMatchObject({ code: "throttled" });
  const answers = await Promise.all(many.slice(0, 8));
  expect(answers.every((one) => isIdentity(one) && one.tenant === "default")).toBe(true);
  // Remembered: no promise is made any more.
  expect(ask("alice", "pass")).toEqual({ tenant: "default" });
  const guesses = Array.from({ length: 50 }, (_, i) => ask("alice", `guess-${i}`));
  expect(guesses.filter((one) => one instanceof Promise)).toHaveLength(2);
  expect(guesses.at(-1)).toMatchObject({ code: "throttled" });
  expect(ask("alice", "pass")).toEqual({ tenant: "default" });
  expect(await ask("bob", "pass")).toEqual({ tenant: "default" });
  expect(await guesses[0]).toMatchObject({ code: "unauthenticated" });
  expect(ask("alice", "guess-0")).toMatchObject({ code: "unauthenticated" });
  auth.close();
});

test("an emptied file leaves its users", async () => {
  const file = join(folder, "emptied");
  writeFileSync(file, "alice:quick\n");
  const told: string[] = [];
  const log = { ...silentLog, error: (_: string, fields?: object) => void told.push(JSON.stringify(fields)) };
  const around = { clock: hasty, log, reloaded: () => {}, key: "k", everyMs: 1_000 };
  const auth = await openBasicAuth(valuesOf({ htpasswd: { file } }), around);
  writeFileSync(file, "");
  await expect.poll(() => told.join()).toContain("emptied has no user");
  expect(auth.authenticate(basic("alice", "quick").headers, new Socket())).toEqual({ tenant: "default" });
  auth.close();
});

test("who repeats one wrong password keeps out nobody else, however often", async () => {
  const inline = `alice:${hashSync("pass", 8)}\nbob:${HASH}`;
  const around = { clock: systemClock, log: silentLog, reloaded: () => {}, key: "k", everyMs: 0 };
  const auth = await openBasicAuth(valuesOf({ htpasswd: { inline } }), around);
  const ask = (user: string, password: string) => auth.authenticate(basic(user, password).headers, new Socket());
  const guesses = Array.from({ length: 100 }, () => ask("alice", "guess"));
  expect(guesses.at(-1)).toMatchObject({ code: "throttled" });
  expect(await ask("bob", "pass")).toEqual({ tenant: "default" });
  expect(await guesses[0]).toMatchObject({ code: "unauthenticated" });
  // Whoever waited has gone: there is room again, and what was asked is remembered.
  expect(await ask("alice", "pass")).toEqual({ tenant: "default" });
  auth.close();
});

test("a right password is remembered as long as it is used, and an hour more", async () => {
  const clock = new FakeClock();
  const around = { clock, log: silentLog, reloaded: () => {}, key: "k", everyMs: 0 };
  const auth = await openBasicAuth(valuesOf({ htpasswd: { inline: `alice:${HASH}` } }), around);
  const ask = () => auth.authenticate(basic("alice", "pass").headers, new Socket());
  await ask();
  for (let i = 0; i < 3; i++) {
    await clock.advance(2_400_000);
    expect(ask()).toEqual({ tenant: "default" });
  }
  await clock.advance(3_600_000);
  expect(ask()).toBeInstanceOf(Promise);
  auth.close();
});
