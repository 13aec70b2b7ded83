import { once } from "node:events";
import { connect, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";
import { gzipSync } from "node:zlib";
import { Fault, systemClock } from "@rondo/core";
import { decodeStatus } from "@rondo/otlp";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { answerEarly } from "./grpc-call.ts";
import { bare, frame, METHODS } from "./grpc-peer.cases.ts";
import { noMetrics } from "./metrics.ts";
import { durableNames, request, rig } from "./rig.cases.ts";

const message = request("logs", ["a"]);

/** Sends bytes as the whole body of a call. */
const send = (port: number, bytes: Buffer, headers: Record<string, string> = {}) =>
  bare(port, METHODS.logs, headers, (write, end) => {
    if (bytes.length > 0) write(bytes);
    end();
  });

/** A metrics sink that notes how calls ended. */
function noting() {
  const outcomes: string[] = [];
  return {
    outcomes,
    metrics: { ...noMetrics, answered: (_: string, __: string, outcome: string) => void outcomes.push(outcome) },
  };
}

test.each([
  ["a whole message", frame(message), {}, "0", "ok"],
  ["an empty message", frame(Buffer.alloc(0)), {}, "0", "ok"],
  ["no message", Buffer.alloc(0), {}, "12", "unsupported"],
  ["half a prefix", frame(message).subarray(0, 3), {}, "3", "invalid"],
  ["half a message", frame(message).subarray(0, -1), {}, "3", "invalid"],
  ["a message and one more byte", Buffer.concat([frame(message), Buffer.alloc(1)]), {}, "12", "unsupported"],
  ["a flag that gRPC does not have", frame(message, 2), {}, "3", "invalid"],
  ["a compressed message and no encoding", frame(gzipSync(message), 1), {}, "13", "invalid"],
  ["a compressed message of identity", frame(message, 1), { "grpc-encoding": "identity" }, "13", "invalid"],
  ["gzip", frame(gzipSync(message), 1), { "grpc-encoding": "gzip" }, "0", "ok"],
  ["gzip of nothing", frame(Buffer.alloc(0), 1), { "grpc-encoding": "gzip" }, "0", "ok"],
  ["no time at all", frame(message), { "grpc-timeout": "0S" }, "4", "aborted"],
])("%s", async (_, bytes, headers, status, outcome) => {
  const { outcomes, metrics } = noting();
  await using it = await rig({ metrics });
  expect(await send(it.grpc, bytes, headers)).toBe(status);
  await expect.poll(() => outcomes).toEqual([outcome]);
  expect(it.gateway.admission.inUse).toBe(0);
});

test("a message over the limit is refused by what its prefix declares", async () => {
  await using it = await rig({ grpc: { max_recv_msg_size_mib: 1 } });
  const early = await bare(it.grpc, METHODS.logs, {}, (write) => write(frame(Buffer.alloc(10), 0, (1 << 20) + 1)));
  expect(early).toBe("8");
  expect(it.gateway.admission.inUse).toBe(0);
});

test("a large message holds credits as it arrives; one that no account could hold is refused at once, for good", async () => {
  await using it = await rig({ creditsBytes: 1 << 20 });
  const session = connect(`http://127.0.0.1:${it.grpc}`).on("error", () => {});
  const stream = session.request({ ":method": "POST", ":path": METHODS.logs, "content-type": "application/grpc" });
  stream.on("error", () => {}).write(frame(Buffer.alloc(10), 0, 1 << 20));
  await expect.poll(() => it.gateway.admission.inUse).toBe(16 << 10);
  stream.write(Buffer.alloc(20_000));
  await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(100_000);
  expect(it.gateway.admission.inUse).toBeLessThan(400_000);
  session.destroy();
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
  expect(await bare(it.grpc, METHODS.logs, {}, (write) => write(frame(Buffer.alloc(9), 0, (1 << 20) + 1)))).toBe("8");
});

test("a client that goes away while it sends is counted as gone", async () => {
  const { outcomes, metrics } = noting();
  await using it = await rig({ metrics });
  const session = connect(`http://127.0.0.1:${it.grpc}`).on("error", () => {});
  const stream = session.request({ ":method": "POST", ":path": METHODS.logs, "content-type": "application/grpc" });
  stream.on("error", () => {}).write(frame(message).subarray(0, 10));
  await expect.poll(() => it.gateway.admission.inUse).toBe(message.length);
  session.destroy();
  await expect.poll(() => outcomes).toEqual(["gone"]);
  expect(it.gateway.admission.inUse).toBe(0);
});

test("the client's deadline ends a message that is still arriving", async () => {
  const clock = new FakeClock();
  const { outcomes, metrics } = noting();
  await using it = await rig({ clock, metrics });
  const ended = bare(it.grpc, METHODS.logs, { "grpc-timeout": "2S" }, (write) =>
    write(frame(Buffer.alloc(9), 0, 5_000)),
  );
  await expect.poll(() => it.gateway.admission.inUse).toBe(5_000);
  await clock.advance(1_000);
  expect(outcomes).toEqual([]);
  // The answer and the reset after it are a turn of the loop apart.
  for (let second = 0; second < 3; second++) await clock.advance(1_000);
  expect(await ended).toBe("4");
  expect(outcomes).toEqual(["aborted"]);
  expect(it.gateway.admission.inUse).toBe(0);
});

test("what the log has not begun with at the client's deadline is taken back", async () => {
  const clock = new FakeClock();
  await using it = await rig({ clock, lingerMs: 7_000 });
  const ended = send(it.grpc, frame(message), { "grpc-timeout": "3S" });
  await expect.poll(() => it.gateway.admission.inUse).toBe(message.length);
  const held = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => held.promise;
  await clock.advance(3_000);
  expect(await ended).toBe("4");
  await clock.advance(5_000);
  held.resolve();
  await clock.advance(1);
  expect(durableNames(it.broker, "logs")).toEqual([]);
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
});

test("what invalid bytes, and a busy log, are answered with", async () => {
  await using it = await rig();
  const session = connect(`http://127.0.0.1:${it.grpc}`).on("error", () => {});
  const trailers = (bytes: Buffer) =>
    new Promise<IncomingHttpHeaders>((seen) => {
      const headers = { ":method": "POST", ":path": METHODS.logs, "content-type": "application/grpc" };
      session
        .request(headers)
        .on("response", seen)
        .on("error", () => {})
        .end(frame(bytes));
    });
  const details = (given: IncomingHttpHeaders) =>
    decodeStatus(Buffer.from(String(given["grpc-status-details-bin"]), "base64"));
  const invalid = await trailers(Buffer.from([0, 1]));
  expect(invalid).toMatchObject({ ":status": 200, "content-type": "application/grpc", "grpc-status": "3" });
  expect(details(invalid)).toEqual({ code: 3, message: invalid["grpc-message"] });
  it.broker.beforeAppend = () => {
    throw new Fault("unavailable", "the log said no");
  };
  expect(details(await trailers(message))).toEqual({
    code: 14,
    message: "the log does not take requests at present",
    retryDelayMs: 1_000,
  });
  session.destroy();
});

test("a timer that is early by a hair ends the call as the client's deadline does", async () => {
  const clock = new FakeClock();
  const early = { ...clock, now: () => clock.now(), monotonic: () => clock.monotonic() };
  await using it = await rig({
    clock: { ...early, after: (ms, run) => clock.after(Math.max(0, Math.floor(ms - 0.5)), run) },
    lingerMs: 7_000,
  });
  const ended = send(it.grpc, frame(message), { "grpc-timeout": "3000500u" });
  await expect.poll(() => it.gateway.admission.inUse).toBe(message.length);
  await clock.advance(3_000);
  expect(await ended).toBe("4");
});

/** Two ends of a road; from `hold` on, what the first end writes is under way until `release`. */
function road() {
  let held: (() => void)[] | undefined;
  const end = (other: () => Duplex, holds: boolean) =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        const arrive = () => {
          other().push(chunk);
          done();
        };
        if (holds && held !== undefined) held.push(arrive);
        else setImmediate(arrive);
      },
    });
  const near: Duplex = end(() => far, true);
  const far: Duplex = end(() => near, false);
  const release = () => {
    const waiting = held ?? [];
    held = undefined;
    for (const arrive of waiting) arrive();
  };
  const hold = () => {
    held = [];
  };
  return { near, far, release, hold };
}

test("an answer that cannot be written yet is not overtaken by the reset that follows it", async () => {
  const { near, far, hold, release } = road();
  const server = createServer();
  const answered = Promise.withResolvers<void>();
  let first: ServerHttp2Stream | undefined;
  server.on("stream", (stream: ServerHttp2Stream, { "x-call": call }) => {
    stream.on("error", () => {});
    if (call === "first") {
      first = stream;
      stream.respond({ ":status": 200 });
      stream.write("some");
    } else {
      answerEarly(stream, { ":status": 200, "grpc-status": "14" }, systemClock);
      // Longer than the reset waits.
      setTimeout(answered.resolve, 50);
    }
  });
  server.emit("connection", near);
  const session = connect("http://localhost", { createConnection: () => far }).on("error", () => {});
  const open = (call: string) => {
    const stream = session.request({ ":method": "POST", "x-call": call });
    return stream.on("error", () => {}).resume();
  };
  await once(open("first"), "data");
  hold();
  // Whatever comes next waits behind it.
  first?.write("more");
  const second = open("second");
  second.write("the rest never comes");
  const seen: unknown[] = [];
  second.on("response", (headers) => seen.push(headers["grpc-status"]));
  const closed = new Promise((resolve) => second.once("close", () => resolve(second.rstCode)));
  await answered.promise;
  expect(seen).toEqual([]);
  release();
  expect(await closed).toBe(0);
  expect(seen).toEqual(["14"]);
  session.destroy();
});
