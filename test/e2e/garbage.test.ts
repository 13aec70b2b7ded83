/** Bytes that nobody should send, on each of the four ports: the connection ends, the next client is served as if nothing had been. */
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { identities } from "@rondo/cli";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { grpcClient, httpClient } from "../rig/otlp-client.ts";
import { grpcFrameHead } from "../rig/otlp-transport.ts";
import { seededRandom } from "../rig/random.ts";
import type { Ports } from "../rig/rondo-process.ts";
import { nothingSent, runningRoad, runOfClients, sendRequests } from "./road.ts";
import { logLines } from "./run-rondo.ts";

let road: Awaited<ReturnType<typeof runningRoad>>;
const said = nothingSent();

beforeAll(async () => {
  road = await runningRoad();
}, 30_000);

afterAll(() => road.close());

const random = seededRandom(4);
const noise = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const GARBAGE: Readonly<Record<string, Buffer>> = {
  "random bytes": noise(4096),
  "a megabyte of random bytes": noise(1 << 20),
  "a TLS greeting": Buffer.from("16030100c8010000c403030000000000", "hex"),
  "HTTP/1.1 with a broken header": Buffer.from(
    "POST /v1/traces HTTP/1.1\r\nHost\u0000: x\r\nContent-Length: -5\r\n\r\n",
  ),
  "endless headers": Buffer.from(`GET / HTTP/1.1\r\n${"x: ".padEnd(1 << 20, "y")}`),
  "HTTP/2's greeting, then random frames": Buffer.concat([Buffer.from(PREFACE), noise(4096)]),
  "HTTP/2's greeting, then a frame of 16 MiB": Buffer.concat([
    Buffer.from(PREFACE),
    Buffer.from("ffffff00ff7fffffff", "hex"),
    noise(1 << 16),
  ]),
};

/** Sends bytes and closes its side; resolves when the server has closed too, or after two seconds. */
function throwAt(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    socket.setTimeout(2000, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
  });
}

/** Garbage is its sender's trouble: the next client is served, nothing is logged as ours, and it is still the same process. */
async function everythingWorks(): Promise<void> {
  await sendRequests(road.ports, 6, said);
  expect(said.refusals).toEqual([]);
  expect(await road.differences(said.acked)).toEqual([]);
  expect((await road.rondo.metrics()).length).toBeGreaterThan(20);
  expect((await fetch(`http://127.0.0.1:${road.ports.health}/`)).status).toBe(200);
  expect(logLines(road.rondo.logged()).filter((line) => !/^(?:info|debug) /.test(line))).toEqual([]);
}

test.each(["grpc", "http", "metrics", "health"] as const satisfies readonly (keyof Ports)[])(
  "on the %s port",
  async (which) => {
    await Promise.all(Object.values(GARBAGE).map((bytes) => throwAt(road.ports[which], bytes)));
    await everythingWorks();
  },
);

describe("requests whose frame is right and whose content is not", () => {
  const truncated = () => buildRequest("traces", runOfClients(), 0, 12, 0).subarray(0, 500);

  test("over HTTP", async () => {
    const post = async (body: Uint8Array, headers: Readonly<Record<string, string>> = {}) => {
      const response = await fetch(`http://127.0.0.1:${road.ports.http}/v1/traces`, {
        method: "POST",
        headers: { "content-type": "application/x-protobuf", ...headers },
        body: new Uint8Array(body),
      });
      return [response.status, await response.text()];
    };
    const [refused, type] = [400, 415];
    expect(await post(truncated())).toEqual([refused, expect.stringMatching(/.+/)]);
    expect(await post(noise(1000))).toEqual([refused, expect.anything()]);
    expect(await post(noise(1000), { "content-encoding": "gzip" })).toEqual([refused, expect.anything()]);
    expect(await post(gzipSync(truncated()), { "content-encoding": "gzip" })).toEqual([refused, expect.anything()]);
    expect(await post(Buffer.from('{"resourceSpans": [{]'), { "content-type": "application/json" })).toEqual([
      refused,
      expect.anything(),
    ]);
    expect(await post(truncated(), { "content-type": "text/html" })).toEqual([type, expect.anything()]);
    await everythingWorks();
  });

  test("over gRPC", async () => {
    const INVALID_ARGUMENT = 3;
    const client = grpcClient({ port: road.ports.grpc, timeoutMs: 5000 });
    expect(await client.send("traces", truncated())).toMatchObject({ kind: "refused", status: INVALID_ARGUMENT });
    expect(await client.send("logs", noise(1000))).toMatchObject({ kind: "refused", status: INVALID_ARGUMENT });
    // On the connection of a client that was refused, the next request is served.
    const whole = buildRequest("logs", runOfClients(), 0, 5, 0);
    expect(await client.send("logs", whole)).toEqual({ kind: "accepted" });
    said.acked.add("logs", identities("logs", whole));
    client.close();
    await everythingWorks();
  });

  test("a gRPC frame's head where an HTTP body was announced, and a request of the other protocol", async () => {
    await throwAt(road.ports.http, Buffer.concat([Buffer.from(PREFACE), grpcFrameHead(5, false)]));
    const http = httpClient({ port: road.ports.grpc, timeoutMs: 3000 });
    expect((await http.send("logs", truncated())).kind).not.toBe("accepted");
    http.close();
    await everythingWorks();
  });
});

test("and it ends in order", async () => {
  expect(await road.rondo.stop()).toBe(0);
});
