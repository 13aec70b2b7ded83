import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, readFields, silentLog, systemClock } from "@rondo/core";
import { decodeStatus } from "@rondo/otlp";
import { afterAll, describe, expect, test } from "vitest";
import { exportLogs, postLogs } from "../clients.cases.ts";
import { place, request, rig } from "../rig.cases.ts";
import { bearerTokenAuthExtension } from "./bearer-token-auth.ts";

const folder = mkdtempSync(join(tmpdir(), "rondo-tokens-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Seconds that pass in milliseconds, so that a test need not wait for a file to be looked at. */
const hasty: Clock = { ...systemClock, after: (ms, run, options) => systemClock.after(Math.min(ms, 25), run, options) };

function read(raw: object) {
  const said: string[] = [];
  const at = place("", said);
  const values = readFields(bearerTokenAuthExtension.fields, raw, at);
  if (values !== undefined) bearerTokenAuthExtension.check?.(values, at);
  return { values, said };
}

/** A gateway whose both listeners ask the extension with these settings. */
function guarded(raw: object, over: Parameters<typeof rig>[0] = {}) {
  const { values, said } = read(raw);
  if (values === undefined) throw new Error(said.join("; "));
  const auth = { authenticator: "bearertokenauth" };
  const extensions = [{ id: "bearertokenauth", type: bearerTokenAuthExtension, values }];
  return rig({ extensions, grpc: { auth }, http: { auth }, ...over });
}

const body = request("logs", ["a"]);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("settings", () => {
  test.each([
    ["no token at all", {}, [": must have token, tokens or filename: without any, nobody could be let in"]],
    ["an empty token", { tokens: ["a", ""] }, [": has an empty token, which everybody could send"]],
    [
      "a tenant without tokens",
      { tenants: { a: {} } },
      ["tenants::a: must have token, tokens or filename: without any, nobody could be let in"],
    ],
    [
      "a tenant that is none",
      { token: "x", tenants: { "a b": { token: "y" } } },
      [expect.stringMatching(/^tenants::a b: must name a tenant/)],
    ],
    ["a header that is none", { token: "x", header: "a b" }, ["header: must be the name of a header"]],
    [
      "a file beside tokens",
      { token: "x", filename: "f" },
      [expect.stringMatching(/^warning: filename: stands beside/)],
    ],
  ])("%s", (_, raw, expected) => {
    expect(read(raw).said).toEqual(expected);
  });

  test("tokens of tenants alone are enough", () => {
    expect(read({ tenants: { a: { token: "x" } } }).said).toEqual([]);
  });
});

test("a token says whose data it is, on both transports", async () => {
  await using it = await guarded({
    token: "common",
    tenants: { "site-a": { tokens: ["a1", "a2"] }, "site-b": { token: "b" } },
  });
  for (const token of ["common", "a1", "b"]) {
    expect(await postLogs(it.http, body, bearer(token))).toMatchObject({ status: 200 });
    expect(await exportLogs(it.grpc, body, bearer(token))).toMatchObject({ status: 0 });
  }
  // The scheme's letters may be of either case.
  expect(await postLogs(it.http, body, { headers: { authorization: "bearer a2" } })).toMatchObject({ status: 200 });
  const tenants = it.broker.records("otlp_logs").map(({ headers }) => headers["tenant"]);
  expect(tenants.sort()).toEqual(["default", "default", "site-a", "site-a", "site-a", "site-b", "site-b"]);
  const accepted = it.gateway.totals().map(({ tenant, accepted }) => [tenant, accepted]);
  expect(accepted).toEqual([
    ["default", 2],
    ["site-a", 3],
    ["site-b", 2],
  ]);
});

test.each([
  ["none", {}],
  ["an empty one", bearer("")],
  ["a wrong one", bearer("canary")],
  ["a right one with another scheme", { headers: { authorization: "Basic right" } }],
  ["a right one in a header that nobody asked for", { headers: { "x-api-key": "right" } }],
  ["two at once", { headers: { authorization: "Bearer wrong, Bearer right" } }],
])("%s is 401 and UNAUTHENTICATED, before any credit is taken, and repeats no token", async (_, saying) => {
  await using it = await guarded({ token: "right" }, { creditsBytes: 1 });
  const http = await postLogs(it.http, body, saying);
  expect(http).toMatchObject({ status: 401, headers: { "www-authenticate": 'Bearer realm="rondo"' } });
  expect(decodeStatus(Buffer.from(http.message))).toMatchObject({ code: 16 });
  const grpc = await exportLogs(it.grpc, body, saying);
  expect(grpc).toMatchObject({ status: 16 });
  expect(http.message + grpc.message).not.toContain("canary");
  expect(it.gateway.totals()).toEqual([]);
});

test("a refusal is in the encoding of the request, and a client that waits to send is told at once", async () => {
  await using it = await guarded({ token: "right" });
  const json = await postLogs(it.http, body, { headers: { "content-type": "application/json" } });
  expect(JSON.parse(json.message)).toEqual({
    code: 16,
    message: "the request has no token in its Authorization header",
  });
  const text = await postLogs(it.http, body, { headers: { "content-type": "text/html" } });
  expect(text).toMatchObject({ status: 401, headers: { "content-type": "text/plain; charset=utf-8" } });
  const waiting = await postLogs(it.http, body, { headers: { expect: "100-continue" } });
  expect(waiting.status).toBe(401);
});

test("an API key is a token in a header of its own, and may come in the query where that is asked for", async () => {
  const auth = { authenticator: "bearertokenauth", request_params: ["X-API-Key"] };
  await using it = await guarded({ header: "X-API-Key", scheme: "", token: "key" }, { http: { auth } });
  const key = { headers: { "x-api-key": "key" } };
  expect(await postLogs(it.http, body, key)).toMatchObject({ status: 200 });
  expect(await exportLogs(it.grpc, body, key)).toMatchObject({ status: 0 });
  expect(await postLogs(it.http, body, { query: "?X-API-Key=key" })).toMatchObject({ status: 200 });
  expect(await postLogs(it.http, body, { query: "?X-API-Key=other" })).toMatchObject({
    status: 401,
    headers: { "www-authenticate": 'ApiKey realm="rondo"' },
  });
});

test("tokens of a file are exchanged while clients send; a file without any leaves the last good", async () => {
  const filename = join(folder, "tokens");
  writeFileSync(filename, "old\nnew\n\n");
  const told: string[] = [];
  const log = { ...silentLog, error: (_: string, fields?: object) => void told.push(JSON.stringify(fields)) };
  await using it = await guarded({ tenants: { a: { filename } } }, { clock: hasty, log });
  const status = async (token: string) => (await postLogs(it.http, body, bearer(token))).status;
  expect([await status("old"), await status("new"), await status("")]).toEqual([200, 200, 401]);
  writeFileSync(filename, "new\nnewer\n");
  await expect.poll(() => status("old")).toBe(401);
  expect([await status("new"), await status("newer")]).toEqual([200, 200]);
  writeFileSync(filename, "\n");
  await expect.poll(() => told.join()).toContain("tokens holds no token");
  expect(await status("new")).toBe(200);
});
