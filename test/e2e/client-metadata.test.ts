/** Headers of clients, from their requests to the backends that are told of them, through the log and a restart of the process. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { type StubBackend, stubGrpc, stubHttp } from "@rondo/testkit/exporter-contract";
import { expect, test } from "vitest";
import { exportLogs, postLogs } from "../../packages/gateway/src/clients.cases.ts";
import { request } from "../../packages/gateway/src/rig.cases.ts";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
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
    const metrics = await rondo.metrics();
    const pages = JSON.stringify(metrics);
    expect(pages).not.toMatch(/CANARY|north|south/);
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
