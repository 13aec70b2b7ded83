/** Headers of clients, from their requests to the backends that are told of them, through the log and a restart of the process. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { type StubBackend, stubGrpc, stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, test } from "vitest";
import { exportLogs, postLogs } from "../../packages/gateway/src/clients.cases.ts";
import { request } from "../../packages/gateway/src/rig.cases.ts";
import { choosePorts, type Ports, prepareRondo } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";
import { logLines } from "./run-rondo.ts";

const SECRET = "Bearer CANARY-client";

/** Rondo between clients of several sites and two backends that keep them apart. */
const yamlFor = (ports: { grpc: number; http: number }, grpc: number, http: number) => `
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${ports.grpc}", include_metadata: true}
      http: {endpoint: "127.0.0.1:${ports.http}", include_metadata: true}
processors:
  attributes: {actions: [{key: site, from_context: metadata.x-site, action: upsert}]}
  batch: {metadata_keys: [X-Site], metadata_cardinality_limit: 2, timeout: 100ms}
exporters:
  otlp_grpc:
    endpoint: "127.0.0.1:${grpc}"
    tls: {insecure: true}
    auth: {authenticator: headers_setter}
    retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}
  otlp_http:
    endpoint: "http://127.0.0.1:${http}"
    headers: {X-Scope-OrgID: everybody}
    auth: {authenticator: headers_setter}
    retry_on_failure: {initial_interval: 50ms, max_interval: 100ms}
extensions:
  headers_setter:
    headers:
      - {key: X-Scope-OrgID, from_context: x-site, default_value: nobody, action: upsert}
      - {key: X-Sent-By, value: rondo, action: insert}
service:
  extensions: [headers_setter]
  pipelines:
    logs: {receivers: [otlp], processors: [attributes, batch], exporters: [otlp_grpc, otlp_http]}
`;

/** Every item that a backend has got: whose it was said to be, its name, and the site that it names itself. */
function got({ received }: StubBackend): string[] {
  const items = received.flatMap(({ body, headers }) =>
    [...decodedItems("logs", decodeRequest("logs", body))].map(({ item }) => {
      const site = item.attributes?.find(({ key }) => key === "site")?.value?.stringValue;
      const name = "body" in item ? item.body?.stringValue : undefined;
      return `${headers["x-scope-orgid"]} ${name} ${site} ${headers["x-sent-by"]}`;
    }),
  );
  return [...new Set(items)].sort();
}

/** Everything that a process shows. */
async function pagesOf({ metrics, health }: Ports): Promise<string> {
  const pages = [`${metrics}/metrics`, `${health}/`].map(async (at) => (await fetch(`http://127.0.0.1:${at}`)).text());
  return (await Promise.all(pages)).join("");
}

test("a header of a client reaches the items and both backends, never another client's, and nothing else of it is kept", async () => {
  const [folder, ports, grpc, http] = [testFolder(), await choosePorts(), await stubGrpc(), await stubHttp()];
  const rondo = prepareRondo(folder, ports, yamlFor(ports, grpc.port, http.port), { flags: ["--log-level", "debug"] });
  const said = (site: string) => ({ headers: { ...(site && { "x-site": site }), authorization: SECRET } });
  const overHttp = (name: string, site = "") => postLogs(ports.http, request("logs", [name]), said(site));
  const overGrpc = (name: string, site = "") => exportLogs(ports.grpc, request("logs", [name]), said(site));
  rondo.launch();
  try {
    await rondo.ready();
    expect(logLines(rondo.logged()).filter((line) => line.startsWith("warn "))).toEqual([]);
    // Nobody answers now: what is in the log is sent after the restart.
    await Promise.all([grpc.stop(), http.stop()]);
    const first = await Promise.all([
      overHttp("1", "north"),
      overGrpc("2", "south"),
      overHttp("3"),
      overGrpc("4", "north"),
    ]);
    expect(first.map(({ status }) => status)).toEqual([200, 0, 200, 0]);
    const third = [await overHttp("5", "east"), await overGrpc("6", "east")];
    expect(third.map(({ status }) => status)).toEqual([429, 8]);
    await rondo.kill();
    await Promise.all([grpc.start(), http.start()]);
    rondo.launch();
    await rondo.ready();
    expect((await overGrpc("7", "east")).status).toBe(0);
    const all = [
      "east 7 east rondo",
      "nobody 3 undefined rondo",
      "north 1 north rondo",
      "north 4 north rondo",
      "south 2 south rondo",
    ];
    for (const backend of [grpc, http]) await expect.poll(() => got(backend), { timeout: 20_000 }).toEqual(all);
    expect(await pagesOf(ports)).not.toMatch(/CANARY|north|south/);
    expect(await rondo.stop()).toBe(0);
  } finally {
    await rondo.kill().catch(() => undefined);
    await Promise.all([grpc.stop(), http.stop()]);
  }
  expect(rondo.logged()).not.toMatch(/CANARY|north|south/);
  const kept = readdirSync(rondo.data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const bytes = kept.map((one) => readFileSync(join(one.parentPath, one.name), "latin1")).join("");
  expect(bytes).toContain("north");
  expect(bytes).not.toContain("CANARY");
});

test("credentials that somebody names are warned about, and stand in no line of the log and on no page", async () => {
  const [folder, ports, http] = [testFolder(), await choosePorts(), await stubHttp()];
  const yaml = `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports.http}", include_metadata: true}}}}
processors: {batch: {metadata_keys: [Authorization], metadata_cardinality_limit: 1, timeout: 50ms}}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:${http.port}", retry_on_failure: {initial_interval: 50ms, max_interval: 50ms}}
  debug: {verbosity: detailed}
service: {pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlp_http, debug]}}}
`;
  const rondo = prepareRondo(folder, ports, yaml, { flags: ["--log-level", "debug"] });
  rondo.launch();
  try {
    await rondo.ready();
    const say = (authorization: string) => postLogs(ports.http, request("logs", ["1"]), { headers: { authorization } });
    http.behave({ kind: "later" });
    expect((await say(SECRET)).status).toBe(200);
    const told = [await say(`${SECRET}-2`), await say(`${SECRET}${"x".repeat(5_000)}`)];
    expect(told.map(({ status }) => status)).toEqual([429, 413]);
    expect(JSON.stringify(told)).not.toContain("CANARY");
    http.behave({ kind: "accept" });
    await expect.poll(() => got(http), { timeout: 20_000 }).toEqual(["undefined 1 undefined undefined"]);
    const refusals = (await rondo.metrics()).filter(({ name }) => name === "rondo_metadata_refusals_total");
    expect(refusals.map(({ labels, value }) => [labels.get("reason"), value]).sort()).toEqual([
      ["too_large", 1],
      ["too_many_combinations", 1],
    ]);
    expect(await pagesOf(ports)).not.toContain("CANARY");
    expect(JSON.stringify(http.received.map(({ headers }) => headers))).not.toContain("CANARY");
    expect(await rondo.stop()).toBe(0);
  } finally {
    await rondo.kill().catch(() => undefined);
    await http.stop();
  }
  const warnings = logLines(rondo.logged()).filter((line) => line.startsWith("warn "));
  expect(warnings).toContainEqual(
    expect.stringMatching(/processors::batch: reads authorization of clients, so their credentials stand readable/),
  );
  expect(rondo.logged()).not.toContain("CANARY");
});
