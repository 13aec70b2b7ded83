import { once } from "node:events";
import { Agent, createServer, request as httpRequest } from "node:http";
import http2 from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { systemClock } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { exportLogs, postLogs } from "./clients.cases.ts";
import { METHODS } from "./grpc-peer.cases.ts";
import { raw, send } from "./http-client.cases.ts";
import { noMetrics } from "./metrics.ts";
import { durableNames, type Rig, type RigOptions, request, rig } from "./rig.cases.ts";
import { sharePort } from "./shared-port.ts";

const body = request("logs", ["a"]);
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** What a peer of HTTP/2 says after the preface: an empty SETTINGS frame. */
const SETTINGS = Buffer.from("000000040000000000", "hex");

const shared = (options: RigOptions = {}) => rig({ ...options, isShared: true });

/** Exports by the gRPC library of a real client; resolves with its error, or null. */
function exportByLibrary(client: Client): Promise<ServiceError | null> {
  const asIs = (bytes: Buffer) => bytes;
  return new Promise((resolve) => client.makeUnaryRequest(METHODS.logs, asIs, asIs, body, (error) => resolve(error)));
}

/** A socket that has said `first`, and what it has got. */
async function socketTo(it: Rig, first: string | Buffer): Promise<{ readonly socket: Socket; got(): Buffer }> {
  const socket = connect(it.http, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const got: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => got.push(chunk)).on("error", () => {});
  await once(socket, "connect");
  socket.write(first);
  return { socket, got: () => Buffer.concat(got) };
}

test("both protocols are served on one port, by clients as they are", async () => {
  await using it = await shared();
  expect(it.grpc).toBe(it.http);
  const client = new Client(`127.0.0.1:${it.grpc}`, credentials.createInsecure());
  expect(await exportByLibrary(client)).toBeNull();
  client.close();
  expect((await send(it.http, "/v1/logs", body)).status).toBe(200);
  expect(durableNames(it.broker, "logs")).toEqual(["a", "a"]);
  expect(it.gateway.addresses.map(({ protocol, port }) => [protocol, port])).toEqual([
    ["grpc", it.http],
    ["http", it.http],
  ]);
});

test("connections go on after their first request, and several requests may come at once", async () => {
  await using it = await shared();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const post = () =>
    new Promise<number | undefined>((resolve) => {
      const headers = { "content-type": "application/x-protobuf" };
      const options = { agent, host: "127.0.0.1", port: it.http, path: "/v1/logs", method: "POST", headers };
      httpRequest(options, (reply) => reply.resume().on("end", () => resolve(reply.statusCode))).end(body);
    });
  for (let i = 0; i < 5; i++) expect(await post()).toBe(200);
  const one = Buffer.from(
    `POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n`,
  );
  const asked = (last: string) => Buffer.concat([one, Buffer.from(`${last}\r\n`), body]);
  const told = await raw(it.http, Buffer.concat([asked(""), asked(""), asked("Connection: close\r\n")]));
  expect(told.match(/HTTP\/1.1 200 OK/g)).toHaveLength(3);
  expect(durableNames(it.broker, "logs")).toHaveLength(8);
});

test.each([
  ["a large body whose first bytes fill a read", 300_000],
  ["a body that ends with the first read", 6_000],
])("%s arrives whole", async (_, each) => {
  await using it = await shared();
  const texts = Array.from({ length: 10 }, (_, i) => `${i}`.repeat(each));
  expect(await postLogs(it.http, request("logs", texts))).toMatchObject({ status: 200 });
  expect(await exportLogs(it.grpc, request("logs", texts))).toMatchObject({ status: 0 });
  expect(durableNames(it.broker, "logs")).toEqual([...texts, ...texts]);
});

test("a preface that comes byte by byte begins a session; what differs at its last byte is HTTP/1.1", async () => {
  await using it = await shared();
  const { socket, got } = await socketTo(it, "P");
  for (const byte of PREFACE.slice(1)) {
    expect(got()).toHaveLength(0);
    await new Promise((written) => socket.write(byte, written));
  }
  socket.write(SETTINGS);
  // Ours, and the acknowledgement of theirs.
  await expect.poll(() => got().includes(Buffer.from("000000040100000000", "hex"))).toBe(true);
  expect(await raw(it.http, `${PREFACE.slice(0, -1)}x`)).toMatch(/^HTTP\/1.1 400 Bad Request/);
});

test("a request that comes byte by byte is served, though it begins as the preface does", async () => {
  await using it = await shared();
  const { socket, got } = await socketTo(it, "P");
  for (const byte of "OST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}") {
    await new Promise((written) => socket.write(byte, written));
  }
  await expect.poll(() => got().toString()).toMatch(/^HTTP\/1.1 200 OK/);
});

test.each([
  ["nothing", ""],
  ["ten bytes of the preface", PREFACE.slice(0, 10)],
])("who says %s is told so after read_header_timeout, and counted", async (_, said) => {
  const outcomes: string[] = [];
  const metrics = {
    ...noMetrics,
    answered: (_r: string, protocol: string, outcome: string) => void outcomes.push(`${protocol} ${outcome}`),
  };
  await using it = await shared({ http: { read_header_timeout: "300ms" }, metrics });
  expect(await raw(it.http, said)).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n(?:.+\r\n)+\r\n408 Request Timeout$/);
  expect(outcomes).toEqual(["http aborted"]);
});

test("that time is the clock's: a connection that has said what it speaks leaves no timer", async () => {
  const clock = new FakeClock();
  await using it = await shared({ clock });
  const { socket, got } = await socketTo(it, PREFACE.slice(0, 10));
  const closed = once(socket, "close");
  await expect.poll(() => clock.pending).toBeGreaterThan(0);
  // Ten seconds by default; the byte is there before that.
  await clock.advance(9_000);
  expect(got()).toHaveLength(0);
  await clock.advance(1_000);
  await closed;
  expect(got().toString()).toMatch(/^HTTP\/1.1 408/);
});

test.each([
  ["a client that goes without a word", "", /^$/],
  ["a client that goes within the preface", PREFACE.slice(0, 10), /^HTTP\/1.1 400 Bad Request/],
  ["a request without its end", "GET / HT", /^HTTP\/1.1 400 Bad Request/],
])("%s is let go", async (_, said, told) => {
  await using it = await shared();
  const { socket, got } = await socketTo(it, said);
  socket.end();
  await once(socket, "close");
  expect(got().toString()).toMatch(told);
  expect((await send(it.http, "/v1/logs", body)).status).toBe(200);
});

test.each([
  ["says nothing in time", "", 10_000],
  ["says too little in time", PREFACE.slice(0, 10), 10_000],
  ["goes within the preface", PREFACE.slice(0, 10), 0],
])("an error of a connection that %s ends nothing but itself", async (_, said, waits) => {
  const clock = new FakeClock();
  const http = createServer();
  sharePort(http, { http2: http2.createServer(), isSecure: false, headersMs: 10_000, clock });
  await new Promise<void>((bound) => http.listen(0, "127.0.0.1", bound));
  onTestFinished(() => void http.close());
  // A listening TCP server has such an address.
  const { port } = http.address() as AddressInfo;
  const accepted = once(http, "connection");
  const refused = new Promise<Duplex>((seen) => http.once("clientError", (_, socket) => seen(socket)));
  const client = connect(port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => void client.destroy());
  client.write(said);
  await accepted;
  if (waits === 0) client.end();
  else await clock.advance(waits);
  const socket = await refused;
  socket.emit("error", new Error("reset"));
  expect(socket.destroyed).toBe(true);
});

test("a client of HTTP/2 that goes at once leaves no connection", async () => {
  await using it = await shared();
  const { socket } = await socketTo(it, Buffer.concat([Buffer.from(PREFACE), SETTINGS]));
  socket.end();
  await once(socket, "close");
});

test.each([
  ["garbage", Buffer.from([0, 1, 2, 3, 255, 254])],
  ["a handshake of TLS", Buffer.from("160301020001000100", "hex")],
  ["another method of HTTP/2's only", Buffer.from("PRI /v1/logs HTTP/1.1\r\nHost: a\r\n\r\n")],
])("%s is answered as HTTP answers it", async (_, bytes) => {
  await using it = await shared();
  expect(await raw(it.http, bytes)).toMatch(/^HTTP\/1.1 400 Bad Request/);
});

test("a body of OTLP/HTTP over HTTP/2 is told that it is none of gRPC", async () => {
  await using it = await shared();
  const session = http2.connect(`http://127.0.0.1:${it.http}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": "/v1/logs", "content-type": "application/x-protobuf" });
  const [headers] = await once(
    stream.on("error", () => {}),
    "response",
  );
  expect(headers).toMatchObject({ ":status": 415 });
});

test("two hundred connections of both kinds at once are each served by their protocol", async () => {
  await using it = await shared();
  const told = await Promise.all(
    Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? postLogs(it.http, body) : exportLogs(it.grpc, body))),
  );
  expect(told.map(({ status }) => status)).toEqual(told.map((_, i) => (i % 2 === 0 ? 200 : 0)));
});

test("a drain ends who has said nothing, tells sessions to go and answers what has arrived", async () => {
  await using it = await shared({ lingerMs: 60_000 });
  const silent = await socketTo(it, "");
  const undecided = await socketTo(it, PREFACE.slice(0, 5));
  const gone = Promise.all([silent, undecided].map(({ socket }) => once(socket, "close")));
  const session = http2.connect(`http://127.0.0.1:${it.http}`);
  const away = once(
    session.on("error", () => {}),
    "goaway",
  );
  await once(session, "remoteSettings");
  const answers = [postLogs(it.http, body), exportLogs(it.grpc, body)];
  await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(body.length);
  expect(await it.gateway.drain(5_000)).toBe(0);
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 0]);
  expect((await away)[0]).toBe(0);
  await gone;
  expect((await postLogs(it.http, body)).status).toBeUndefined();
});

test("rules of gRPC's connections hold for those that were handed over", async () => {
  const clock = new FakeClock();
  const idle = { keepalive: { server_parameters: { max_connection_idle: "60s" } } };
  await using it = await shared({ clock, grpc: idle });
  const session = http2.connect(`http://127.0.0.1:${it.http}`);
  onTestFinished(() => session.destroy());
  const away = once(
    session.on("error", () => {}),
    "goaway",
  );
  await once(session, "remoteSettings");
  await expect.poll(() => session.pendingSettingsAck).toBe(false);
  await clock.advance(61_000);
  expect((await away)[0]).toBe(0);
});

test("a close cuts connections of both kinds, and who has said nothing", async () => {
  const it = await shared({ clock: systemClock });
  const silent = await socketTo(it, "");
  const session = await socketTo(it, Buffer.concat([Buffer.from(PREFACE), SETTINGS]));
  const one = await socketTo(it, "POST /v1/logs HTTP/1.1\r\nHost: a\r\nContent-Le");
  await expect.poll(() => session.got().length).toBeGreaterThan(0);
  const gone = Promise.all([silent, session, one].map(({ socket }) => once(socket, "close")));
  await it.gateway.close();
  await gone;
});
