import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@rondo/core";
import { encodeResponse, SIGNALS } from "@rondo/otlp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { closing } from "../sink/compare.ts";
import { type Sink, startSink } from "../sink/sink.ts";
import { type Recording, readRecording } from "./recording.ts";
import { defaultStart, type ReplayOptions, replay } from "./replay.ts";
import { expectedIdentities, rangeOf } from "./timeline.ts";

const whole = await readRecording(new URL("../../../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname);
const ANY = { host: "127.0.0.1", port: 0 };
let sink: Sink;
let stop: AbortController;

beforeEach(async () => {
  stop = new AbortController();
  sink = await startSink({ listeners: [{ name: "all", grpc: ANY, http: ANY }], clock: systemClock });
});
afterEach(() => sink.close());

const listener = () => sink.listener("all");
const addresses = () => {
  const { grpc = "", http = "" } = listener();
  return { grpc, http };
};
/** Undefined takes an address away. */
type Over = Partial<Omit<ReplayOptions, "http" | "grpc">> & {
  readonly http?: string | undefined;
  readonly grpc?: string | undefined;
};
const play = (over: Over = {}) => {
  const { http, grpc, ...rest } = { ...addresses(), ...over };
  return replay({
    ...{ recording: whole, speed: 0, times: "shift", clock: systemClock, random: () => 0.5, abort: stop.signal },
    ...rest,
    ...(http !== undefined && { http }),
    ...(grpc !== undefined && { grpc }),
  });
};
const destinations = () => SIGNALS.map((signal) => ({ name: "all", signal, held: listener().holdings.held(signal) }));
const some = (signal: string, count: number): Recording => whole.filter((one) => one.signal === signal).slice(0, count);

describe("the whole recording reaches the sink with every id", () => {
  const ways: Record<string, () => Over> = {
    "over both protocols": () => ({}),
    "over HTTP alone": () => ({ http: addresses().http, grpc: undefined }),
    "over gRPC alone": () => ({ grpc: addresses().grpc, http: undefined }),
    "with the times as recorded": () => ({ times: "keep" as const }),
    "with a clock 60 days ahead": () => ({ startMs: Date.now() + 60 * 86_400_000 }),
    "at sixty times the pace": () => ({ speed: 60 }),
  };
  for (const [way, options] of Object.entries(ways)) {
    test(way, async () => {
      const result = await play(options());
      expect(result.complete).toBe(true);
      expect(SIGNALS.map((signal) => result.tallies[signal].acked)).toEqual([271, 151, 63]);
      const { equal, lines } = closing(expectedIdentities(whole, result.shift), destinations(), {
        dropped: 0,
        inFlight: 0,
      });
      expect(lines).toEqual([
        "271 spans, 151 data points, 63 log records sent; every exporter received the same ids (all 271, all 151, all 63), dropped 0, in flight 0",
      ]);
      expect(equal).toBe(true);
    });
  }
});

test("contents arrive as the shift left them, attribute by attribute", async () => {
  const { shift } = await play();
  const expected = expectedIdentities(whole, shift);
  const contents = (held: readonly { readonly id: string; readonly contents: readonly string[] }[]) =>
    new Map(held.map(({ id, contents }) => [id, contents]));
  for (const signal of SIGNALS) {
    expect(contents(listener().holdings.held(signal))).toEqual(contents(expected.held(signal)));
  }
});

test("with times kept the bytes are the recorded ones, compressed ones too", async () => {
  const bodies: Buffer[] = [];
  const { base, close } = await httpStub(async (request) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.push(Buffer.concat(chunks));
    return { status: 200 };
  });
  const recording = whole.filter(({ encoding }) => encoding === "gzip").slice(0, 5);
  await play({ recording, http: base, times: "keep" });
  await close();
  const sorted = (all: readonly Buffer[]) => all.map((one) => one.toString("hex")).sort();
  expect(sorted(bodies)).toEqual(sorted(recording.map(({ sent }) => sent)));
});

test("at a pace, requests come no earlier than recorded", async () => {
  const recording = some("traces", 3).map((one, index) => ({ ...one, t: index * 2 }));
  const began = performance.now();
  await play({ recording, speed: 20 });
  expect(performance.now() - began).toBeGreaterThanOrEqual(199);
});

test("by default the first time is now; as fast as possible nothing lies in the future", () => {
  const { first, last } = rangeOf(whole) ?? { first: 0n, last: 0n };
  expect(defaultStart(whole, 20, 5)).toBe(5);
  expect(defaultStart(whole, 0, 1e12)).toBeCloseTo(1e12 - Number(last - first) / 1e6, -1);
});

describe("answers that ask for another try", () => {
  test("are tried again until acknowledged, and every item still counts once", async () => {
    let tries = 0;
    const { base, close } = await httpStub(async () => {
      tries += 1;
      return { status: tries <= 3 ? 503 : 200 };
    });
    const result = await play({ recording: some("logs", 1), http: base, grpc: undefined });
    await close();
    expect(result.tallies.logs).toEqual({ sent: 1, acked: 1, rejected: 0, givenUp: 0, retries: 3 });
    expect([result.complete, tries]).toEqual([true, 4]);
  });

  test("over gRPC, RESOURCE_EXHAUSTED is retried only with RetryInfo", async () => {
    const recording = some("logs", 1);
    await listener().behaviour.set({ mode: "status", status: 429 });
    const refused = await play({ recording, ...onlyGrpc() });
    expect([...refused.troubles.keys()]).toEqual([
      expect.stringContaining("gRPC RESOURCE_EXHAUSTED: this sink was told to answer 429"),
    ]);
    await listener().behaviour.set({ mode: "status", status: 429, retryAfterMs: 100, forMs: 200 });
    expect((await play({ recording, ...onlyGrpc() })).complete).toBe(true);
  });

  test("Retry-After is waited for", async () => {
    const at: number[] = [];
    const { base, close } = await httpStub(async () => {
      at.push(performance.now());
      return at.length === 1 ? { status: 429, headers: { "retry-after": "1" } } : { status: 200 };
    });
    await play({ recording: some("logs", 1), http: base, grpc: undefined });
    await close();
    expect(at).toHaveLength(2);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(999);
  });

  test("a connection that is cut after the items were kept leads to repeats, which the sink shows", async () => {
    await listener().behaviour.set({ mode: "lose" });
    const replayed = play({ recording: some("logs", 2) });
    while (listener().holdings.count("logs").items === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await listener().behaviour.set({ mode: "ok" });
    const result = await replayed;
    expect(result.complete).toBe(true);
    expect(listener().holdings.count("logs").duplicates).toBeGreaterThan(0);
  });

  test("a receiver that stays away is given up with the reason, and nothing is said to be acknowledged", async () => {
    const recording = some("metrics", 2);
    await listener().behaviour.set({ mode: "status", status: 503 });
    const result = await play({ recording, patienceMs: 600 });
    expect(result.complete).toBe(false);
    expect(result.tallies.metrics.acked).toBe(0);
    expect(result.tallies.metrics.givenUp).toBe(result.tallies.metrics.sent);
    expect([...result.troubles.keys()][0]).toMatch(/given up after 0.6 s: .*told to answer 503/);
  });
});

test("a final refusal is not tried again", async () => {
  await listener().behaviour.set({ mode: "status", status: 400 });
  const result = await play({ recording: some("logs", 3) });
  expect(result.tallies.logs).toMatchObject({ acked: 0, retries: 0 });
  expect(result.complete).toBe(false);
});

test("what a partial success rejects counts as rejected", async () => {
  const { base, close } = await httpStub(async () => ({
    status: 200,
    body: encodeResponse("logs", { rejected: 1, message: "too old" }),
  }));
  const result = await play({
    recording: some("logs", 1),
    http: base,
    grpc: undefined,
  });
  await close();
  expect(result.tallies.logs.rejected).toBe(1);
  expect(result.complete).toBe(false);
  expect([...result.troubles.keys()]).toEqual([`${base}/ rejected items: too old`]);
});

test("an interruption ends the replay soon, and it says that it is not complete", async () => {
  await listener().behaviour.set({ mode: "hang" });
  setTimeout(() => stop.abort(), 100);
  const result = await play();
  expect(result.complete).toBe(false);
});

test("requests of one client and signal arrive in their order", async () => {
  const order: string[] = [];
  const { base, close } = await httpStub(async (request) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    order.push(Buffer.concat(chunks).toString("hex"));
    return { status: 200 };
  });
  const [first] = some("logs", 1);
  if (first === undefined) throw new Error("no logs");
  const body = first.body;
  const recording = Array.from({ length: 10 }, (_, n) => ({
    ...first,
    encoding: "" as const,
    body,
    sent: Buffer.concat([body, Buffer.from([0x78, n])]),
  }));
  await play({ recording, http: base, times: "keep", grpc: undefined });
  await close();
  expect(order).toEqual(recording.map(({ sent }) => sent.toString("hex")));
});

describe("an address that cannot be", () => {
  test("nothing listens there", async () => {
    const { http } = addresses();
    await sink.close();
    await expect(play({ http })).rejects.toThrow(
      `--http ${http}: nothing listens there; start \`rondo up\`, or name where it listens`,
    );
  });
  test("no address", () => expect(play({ http: "4318" })).rejects.toThrow("is not a URL"));
  test("none at all", () => expect(play({ http: undefined, grpc: undefined })).rejects.toThrow("needs an address"));
});

const onlyGrpc = () => ({ http: undefined, grpc: addresses().grpc });

type StubAnswer = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: Uint8Array };
async function httpStub(answer: (request: IncomingMessage) => Promise<StubAnswer>) {
  const server = createServer((request, response) => {
    answer(request).then(({ status, headers, body }) => {
      request.resume();
      response.writeHead(status, { "content-type": "application/x-protobuf", ...headers }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(ANY, resolve));
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { base: `http://127.0.0.1:${port}`, close };
}
