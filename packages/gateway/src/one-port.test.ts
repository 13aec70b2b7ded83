import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect } from "node:tls";
import { Client, credentials } from "@grpc/grpc-js";
import { type Clock, systemClock } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportLogs, postLogs } from "./clients.cases.ts";
import { METHODS } from "./grpc-peer.cases.ts";
import { clientCertAuthExtension, registryMetrics } from "./index.ts";
import { durableNames, request, rig } from "./rig.cases.ts";
import { type Certificates, certificates, hasOpenssl, type Pair, presented } from "./tls/certificates.cases.ts";

const body = request("logs", ["a"]);

/** Timers of minutes that run in tens of milliseconds, so that a test need not wait for a reload. */
const hasty: Clock = { ...systemClock, after: (ms, run, options) => systemClock.after(Math.min(ms, 25), run, options) };

test("a unix socket can be shared, and is gone after the end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rondo-unix-"));
  const path = join(folder, "otlp.sock");
  const unix = { endpoint: path, transport: "unix" };
  const it = await rig({ grpc: unix, http: unix });
  expect(it.gateway.addresses.map(({ text }) => text)).toEqual([path, path]);
  expect(await exportLogs(path, body)).toMatchObject({ status: 0 });
  expect(await postLogs(path, body)).toMatchObject({ status: 200 });
  expect(durableNames(it.broker, "logs")).toEqual(["a", "a"]);
  await it.gateway.close();
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe.skipIf(!hasOpenssl)("over TLS", () => {
  let made: Certificates;
  let ca: Pair;
  let server: Pair;
  let trust: ConnectionOptions;
  beforeAll(() => {
    made = certificates();
    ca = made.authority("ca");
    server = made.issue("server", ca);
    trust = { ca: presented(ca).cert, servername: "localhost" };
  });
  afterAll(() => made[Symbol.dispose]());

  const both = (tls: object, over: object = {}) => rig({ grpc: { tls }, http: { tls }, isShared: true, ...over });
  const files = () => ({ cert_file: server.cert, key_file: server.key });

  /** What a client that offers these protocols gets for a request of HTTP/1.1. */
  const spoken = (port: number, offered: string[] | undefined) =>
    new Promise<[agreed: unknown, said: string]>((resolve, reject) => {
      const socket = connect({ ...trust, host: "127.0.0.1", port, ...(offered && { ALPNProtocols: offered }) }, () => {
        socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      });
      let said = "";
      socket.on("data", (chunk) => {
        said += chunk.toString("latin1");
      });
      socket.on("close", () => resolve([socket.alpnProtocol, said])).on("error", reject);
    });

  test("clients are told apart by ALPN, and who offers nothing speaks HTTP/1.1", async () => {
    await using it = await both(files());
    expect(it.grpc).toBe(it.http);
    expect(await postLogs(it.http, body, { tls: trust })).toMatchObject({ status: 200 });
    expect(await exportLogs(it.grpc, body, { tls: trust })).toMatchObject({ status: 0 });
    const client = new Client(`localhost:${it.grpc}`, credentials.createSsl(readFileSync(ca.cert)));
    const asIs = (bytes: Buffer) => bytes;
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(METHODS.logs, asIs, asIs, body, (error) => (error === null ? resolve() : reject(error)));
    });
    client.close();
    expect(await spoken(it.http, undefined)).toEqual([false, expect.stringMatching(/^HTTP\/1.1 404 /)]);
    expect(await spoken(it.http, ["http/1.1"])).toEqual(["http/1.1", expect.stringMatching(/^HTTP\/1.1 404 /)]);
    expect((await spoken(it.http, ["h2", "http/1.1"]))[0]).toBe("h2");
    await expect(spoken(it.http, ["h3"])).rejects.toThrow(/no application protocol/i);
    expect((await postLogs(it.http, body)).status).not.toBe(200);
    expect((await exportLogs(it.grpc, body)).status).toBeUndefined();
  });

  test("a certificate that changes is read once, and both protocols show it", async () => {
    const [cert, key] = [join(made.folder, "live.pem"), join(made.folder, "live.key")];
    const install = (pair: Pair) => {
      copyFileSync(pair.cert, cert);
      copyFileSync(pair.key, key);
    };
    install(server);
    const registry = createRegistry();
    const tls = { cert_file: cert, key_file: key, reload_interval: "1m" };
    await using it = await both(tls, { clock: hasty, metrics: registryMetrics(registry) });
    expect(await exportLogs(it.grpc, body, { tls: trust })).toMatchObject({ status: 0 });
    const other = made.authority("other-ca");
    install(made.issue("renewed", other));
    const renewed = { ca: presented(other).cert, servername: "localhost" };
    await expect.poll(async () => (await exportLogs(it.grpc, body, { tls: renewed })).status).toBe(0);
    expect(await postLogs(it.http, body, { tls: renewed })).toMatchObject({ status: 200 });
    expect((await postLogs(it.http, body, { tls: trust })).status).toBeUndefined();
    const reloads = registry.snapshot().filter(({ name }) => name === "rondo_file_reloads_total");
    expect(reloads.map(({ labels, value }) => [labels.get("outcome"), value])).toContainEqual(["ok", 1]);
  });

  test("clients are known by their certificate on both", async () => {
    const client = made.issue("site-a", ca, { san: "DNS:site-a.example" });
    const values = { tenants: new Map([["DNS:site-a.example", "site-a"]]) };
    const extensions = [{ id: "clientcertauth", type: clientCertAuthExtension, values }];
    const auth = { authenticator: "clientcertauth" };
    const tls = { ...files(), client_ca_file: ca.cert };
    await using it = await rig({ grpc: { tls, auth }, http: { tls, auth }, isShared: true, extensions });
    const known = { tls: { ...trust, ...presented(client) } };
    expect(await postLogs(it.http, body, known)).toMatchObject({ status: 200 });
    expect(await exportLogs(it.grpc, body, known)).toMatchObject({ status: 0 });
    expect((await postLogs(it.http, body, { tls: trust })).status).toBeUndefined();
    expect(it.gateway.totals()).toMatchObject([{ accepted: 2, tenant: "site-a" }]);
  });

  test("messages that take several turns to read arrive", async () => {
    await using it = await both(files());
    const texts = Array.from({ length: 60 }, (_, i) => `${i % 10}`.repeat(300_000));
    const large = request("logs", texts);
    const told = await Promise.all([1, 2, 3].map(() => exportLogs(it.grpc, large, { tls: trust })));
    expect(told.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(durableNames(it.broker, "logs")).toHaveLength(180);
  });

  test("a close cuts both, and handshakes that have not begun", async () => {
    const it = await both(files());
    const session = connect({ ...trust, host: "127.0.0.1", port: it.http, ALPNProtocols: ["h2"] });
    await new Promise((seen) => session.once("secureConnect", seen));
    const gone = new Promise((closed) =>
      session
        .on("error", () => {})
        .resume()
        .once("close", closed),
    );
    await it.gateway.close();
    await gone;
  });
});
