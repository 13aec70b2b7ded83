import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer as createWeb } from "node:https";
import { connect as connectPlain, type Socket } from "node:net";
import { join } from "node:path";
import { type ConnectionOptions, connect, createServer, type PeerCertificate } from "node:tls";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { type Clock, readFields, silentLog, systemClock } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportLogs, postLogs } from "../clients.cases.ts";
import { answerGarbage } from "../http-garbage.ts";
import { bearerTokenAuthExtension, registryMetrics } from "../index.ts";
import { bind } from "../listener.ts";
import { place, request, rig } from "../rig.cases.ts";
import { type Certificates, certificates, hasOpenssl, type Pair, presented } from "./certificates.cases.ts";
import { openServerTls } from "./server-tls.ts";
import { listenerTls } from "./tls-fields.ts";

/** Timers of minutes that run in tens of milliseconds, so that a test need not wait for a reload. */
const hasty: Clock = { ...systemClock, after: (ms, run, options) => systemClock.after(Math.min(ms, 25), run, options) };

/** A session as a client could resume it. */
function sessionOf(port: number, tls: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...tls, host: "127.0.0.1", port, ALPNProtocols: ["h2"] });
    socket.on("session", (session) => {
      resolve(session);
      socket.destroy();
    });
    socket.on("error", reject);
    socket.resume();
  });
}

const body = request("logs", ["a"]);

describe.skipIf(!hasOpenssl)("with certificates", () => {
  let made: Certificates;
  let ca: Pair;
  let server: Pair;
  let client: Pair;
  let trust: ConnectionOptions;
  beforeAll(() => {
    made = certificates();
    ca = made.authority("ca");
    server = made.issue("server", ca);
    client = made.issue("client", ca);
    trust = { ca: presented(ca).cert, servername: "localhost" };
  });
  afterAll(() => made[Symbol.dispose]());

  const files = () => ({ cert_file: server.cert, key_file: server.key });
  const both = async (tls: object, over: object = {}) => rig({ grpc: { tls }, http: { tls }, ...over });

  test("both transports take requests over TLS, and from nobody in plain text", async () => {
    await using it = await both(files());
    expect(await postLogs(it.http, body, { tls: trust })).toMatchObject({ status: 200 });
    expect(await exportLogs(it.grpc, body, { tls: trust })).toMatchObject({ status: 0 });
    expect((await postLogs(it.http, body)).status).not.toBe(200);
    expect((await exportLogs(it.grpc, body)).status).toBeUndefined();
    expect(it.gateway.totals()).toMatchObject([{ accepted: 2 }]);
  });

  test("certificate and key may stand in the configuration itself", async () => {
    const { cert, key } = presented(server);
    await using it = await both({ cert_pem: cert.toString(), key_pem: key.toString() });
    expect(await postLogs(it.http, body, { tls: trust })).toMatchObject({ status: 200 });
  });

  test("with client_ca_file only its clients are let in: not the nameless, the foreign or the expired", async () => {
    const registry = createRegistry();
    await using it = await both({ ...files(), client_ca_file: ca.cert }, { metrics: registryMetrics(registry) });
    const foreign = made.issue("foreign", made.authority("foreign-ca"));
    const expired = made.issue("expired", ca, { days: -1 });
    const strangers = [{}, presented(foreign), presented(expired)];
    for (const send of [postLogs, exportLogs]) {
      const port = send === postLogs ? it.http : it.grpc;
      expect((await send(port, body, { tls: { ...trust, ...presented(client) } })).status).toBe(
        send === postLogs ? 200 : 0,
      );
      for (const stranger of strangers) {
        expect((await send(port, body, { tls: { ...trust, ...stranger } })).status).toBeUndefined();
      }
    }
    expect(it.gateway.totals()).toMatchObject([{ accepted: 2 }]);
    const failures = () => registry.snapshot().filter(({ name }) => name === "rondo_tls_handshake_failures_total");
    expect(
      failures()
        .map(({ labels }) => labels.get("protocol"))
        .sort(),
    ).toEqual(["grpc", "http"]);
    expect(failures().every(({ value }) => Number(value) >= 2)).toBe(true);
  });

  test("versions and suites are what was allowed, and naming suites of TLS 1.2 does not forbid TLS 1.3", async () => {
    const spoken = (port: number, more: ConnectionOptions) =>
      new Promise<string>((resolve) => {
        const socket = connect({ ...trust, host: "127.0.0.1", port, ...more }, () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`);
          socket.destroy();
        });
        socket.on("error", () => resolve("refused"));
      });
    const suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    await using it = await rig({
      http: { tls: { ...files(), min_version: "1.3" } },
      grpc: { tls: { ...files(), cipher_suites: [suite], curve_preferences: ["P256"] } },
    });
    expect(await spoken(it.http, { maxVersion: "TLSv1.2" })).toBe("refused");
    expect(await spoken(it.http, {})).toMatch(/^TLSv1\.3 /);
    const h2 = { ALPNProtocols: ["h2"] };
    expect(await spoken(it.grpc, { ...h2, maxVersion: "TLSv1.2" })).toBe(`TLSv1.2 ${suite}`);
    expect(await spoken(it.grpc, { ...h2, maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" })).toBe("refused");
    expect(await spoken(it.grpc, h2)).toMatch(/^TLSv1\.3 /);
  });

  test("grpc-js comes in over TLS as it is, and its token with it", async () => {
    const values = readFields(bearerTokenAuthExtension.fields, { token: "t" }, place());
    const extensions = [{ id: "bearertokenauth", type: bearerTokenAuthExtension, values }];
    const auth = { authenticator: "bearertokenauth" };
    await using it = await rig({ grpc: { tls: { ...files(), client_ca_file: ca.cert }, auth }, extensions });
    const { cert, key } = presented(client);
    const channel = credentials.createSsl(presented(ca).cert, key, cert);
    const peer = new Client(`localhost:${it.grpc}`, channel);
    const metadata = new Metadata();
    metadata.set("authorization", "Bearer t");
    const raw = (bytes: Buffer) => bytes;
    const method = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    const answer = await new Promise<unknown>((resolve) => {
      peer.makeUnaryRequest(method, raw, raw, body, metadata, (error, value) => resolve(error ?? value));
    });
    peer.close();
    expect(answer).toEqual(Buffer.alloc(0));
  });

  test("a client that has not agreed on HTTP/2 gets no gRPC", async () => {
    await using it = await both(files());
    const closed = new Promise((resolve) => {
      const socket = connect({ ...trust, host: "127.0.0.1", port: it.grpc });
      socket.on("error", () => {});
      socket.on("close", resolve);
      socket.resume();
    });
    await closed;
    expect(await exportLogs(it.grpc, body, { tls: trust })).toMatchObject({ status: 0 });
  });

  test("a gateway that closes waits for nobody in a handshake", async () => {
    const it = await both(files());
    const silent = [it.http, it.grpc].map((port) => connectPlain(port, "127.0.0.1").resume());
    await Promise.all(silent.map((socket) => once(socket, "connect")));
    const gone = Promise.all(silent.map((socket) => once(socket, "close")));
    await it.gateway.close();
    await gone;
  }, 5_000);

  test("a renewed certificate is used without a restart; a broken one leaves the old, says so and is counted", async () => {
    const cert = join(made.folder, "live.pem");
    const key = join(made.folder, "live.key");
    const put = (pair: Pair) => {
      copyFileSync(pair.key, key);
      copyFileSync(pair.cert, cert);
    };
    put(server);
    const errors: string[] = [];
    const reloads: string[] = [];
    await using it = await rig({
      http: { tls: { cert_file: cert, key_file: key, reload_interval: "1m" } },
      clock: hasty,
      log: { ...silentLog, error: (message, fields) => void errors.push(`${message}: ${fields?.["fault"]}`) },
      metrics: { ...registryMetrics(createRegistry()), reloaded: (name, how) => void reloads.push(`${name} ${how}`) },
    });
    const serial = () =>
      new Promise<PeerCertificate["serialNumber"]>((resolve, reject) => {
        const socket = connect({ ...trust, host: "127.0.0.1", port: it.http }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on("error", reject);
      });
    const before = await serial();
    writeFileSync(cert, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
    await expect.poll(() => reloads).toEqual(["otlp failed"]);
    expect(errors.join()).toMatch(
      /what was read before stays in use.*protocols::http::tls: cannot be used .*live\.pem/,
    );
    expect(await serial()).toBe(before);
    put(made.issue("renewed", ca));
    await expect.poll(() => reloads.at(-1)).toBe("otlp ok");
    expect(await serial()).not.toBe(before);
    expect(await postLogs(it.http, body, { tls: trust })).toMatchObject({ status: 200 });
  });

  test("a renewed client_ca_file decides who is let in", async () => {
    const live = join(made.folder, "live-ca.pem");
    copyFileSync(ca.cert, live);
    const other = made.authority("other-ca");
    const tls = { ...files(), client_ca_file: live, client_ca_file_reload: true };
    await using it = await rig({ grpc: { tls }, clock: hasty });
    const status = async (pair: Pair) =>
      (await exportLogs(it.grpc, body, { tls: { ...trust, ...presented(pair) } })).status;
    const newcomer = made.issue("newcomer", other);
    expect([await status(client), await status(newcomer)]).toEqual([0, undefined]);
    const session = await sessionOf(it.grpc, { ...trust, ...presented(client) });
    copyFileSync(other.cert, live);
    await expect.poll(async () => [await status(client), await status(newcomer)]).toEqual([undefined, 0]);
    // Nor does a session that was agreed on before open the door: the keys of its ticket went with the old authorities.
    const resumed = await exportLogs(it.grpc, body, { tls: { ...trust, ...presented(client), session } });
    expect(resumed.status).toBeUndefined();
  });

  test("a handshake that does not end in time ends with its socket", async () => {
    const tls = await opening(files());
    const late = { ...tls.options, handshakeTimeout: 20 };
    const web = createWeb(late);
    web.on("clientError", (error: Error, socket: Socket) => void answerGarbage(error, socket, undefined));
    for (const listener of [createServer(late), web]) {
      tls.serve(listener);
      const { port } = await bind(listener, { host: "127.0.0.1", port: 0 }, "k");
      await once(connectPlain(port, "127.0.0.1").resume(), "close");
      listener.close();
    }
    tls.close();
  }, 5_000);

  const opening = (raw: object) => {
    const values = listenerTls.read(raw, place());
    if (values === undefined || values === null) throw new Error("the configuration is wrong");
    const nothing = () => {};
    return openServerTls(values, {
      ...{ key: "k::tls", clock: systemClock, log: silentLog, reloaded: nothing, handshakeFailed: nothing },
    });
  };

  test.each([
    [
      "an absent file",
      () => ({ ...files(), cert_file: "absent.pem" }),
      /^k::tls::cert_file: absent\.pem cannot be read \(ENOENT\)/,
    ],
    [
      "the key of another certificate",
      () => ({ ...files(), key_file: client.key }),
      /^k::tls: cannot be used .*client\.key.*: .*mismatch/,
    ],
    [
      "clients' authorities without a certificate",
      () => ({ ...files(), client_ca_file: server.key }),
      /^k::tls::client_ca_file: the file holds no certificate/,
    ],
    ["a key that is none", () => ({ cert_pem: "canary", key_pem: "canary" }), /^k::tls: cannot be used: /],
  ])("%s ends the start with key and file, and shows nothing of a key", async (_, raw, message) => {
    const opened = opening(raw());
    await expect(opened).rejects.toMatchObject({ code: "config", message: expect.stringMatching(message) });
    await expect(opened).rejects.not.toThrow("canary");
  });
});
