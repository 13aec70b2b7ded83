import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { Client, compressionAlgorithms, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { type Clock, Fault, silentLog, systemClock } from "@rondo/core";
import { CARRIED, decodeResponse, decodeStatus, SIGNALS } from "@rondo/otlp";
import { profilesRequest } from "@rondo/testkit";
import { expect, test } from "vitest";
import { admission } from "./admission.ts";
import type { Identity } from "./auth/authenticator.ts";
import { snappyFramed } from "./codecs/compressed.cases.ts";
import { startGrpc } from "./grpc.ts";
import { bare, frame, METHODS } from "./grpc-peer.cases.ts";
import { durableBodies, durableNames, flawedSpans, type Rig, receiverValues, request, rig } from "./rig.cases.ts";

/** One gRPC call by grpc-js as its own peer; resolves with the response's bytes, rejects with the ServiceError. */
async function call(
  { grpc }: Pick<Rig, "grpc">,
  method: string,
  body: Uint8Array,
  options: { gzip?: boolean; metadata?: Metadata; deadline?: number } = {},
) {
  const client = new Client(`127.0.0.1:${grpc}`, credentials.createInsecure(), {
    "grpc.max_send_message_length": -1,
    ...(options.gzip && { "grpc.default_compression_algorithm": compressionAlgorithms.gzip }),
  });
  const raw = (bytes: Buffer) => bytes;
  const { deadline } = options;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(
        method,
        raw,
        raw,
        Buffer.from(body),
        options.metadata ?? new Metadata(),
        deadline === undefined ? {} : { deadline: Date.now() + deadline },
        (error, value) => (error === null ? resolve(value ?? Buffer.alloc(0)) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

/** The error of a call that must fail. */
async function failure(...given: Parameters<typeof call>): Promise<ServiceError> {
  try {
    await call(...given);
  } catch (thrown) {
    // grpc-js rejects unary calls with nothing else.
    return thrown as ServiceError;
  }
  throw new Error("the call succeeded");
}

function details({ metadata }: ServiceError) {
  const [bin] = metadata.get("grpc-status-details-bin");
  return bin instanceof Buffer ? decodeStatus(bin) : undefined;
}

function never(): never {
  throw new Error("this is not called");
}

test.each(SIGNALS)("%s are durable when OK is answered", async (signal) => {
  await using it = await rig();
  expect(await call(it, METHODS[signal], request(signal, ["a", "b"]))).toHaveLength(0);
  expect(durableNames(it.broker, signal)).toEqual(["a", "b"]);
  expect(it.gateway.totals()).toEqual([{ receiver: "otlp", signal, tenant: "default", accepted: 2, refused: 0 }]);
});

test("profiles are taken by the method of their development version, as they are, when a pipeline reads them", async () => {
  const method = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
  await using it = await rig({ signals: CARRIED });
  const body = profilesRequest("main", 2);
  expect(await call(it, method, body, { gzip: true })).toHaveLength(0);
  expect(durableBodies(it.broker, "profiles").map((one) => Buffer.from(one))).toEqual([body]);
  const tooLarge = await failure(it, method, profilesRequest("x".repeat(4 << 20)));
  expect([tooLarge.code, tooLarge.details]).toEqual([8, expect.stringMatching(/profiles has \d+ B and cannot be cut/)]);
  await using other = await rig();
  expect(await failure(other, method, body)).toMatchObject({ code: 12 });
});

test("nothing is answered before it is durable", async () => {
  await using it = await rig();
  const held = Promise.withResolvers<void>();
  const appending = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => {
    appending.resolve();
    return held.promise;
  };
  let answered = false;
  const reply = call(it, METHODS.traces, request("traces", ["a"])).finally(() => {
    answered = true;
  });
  await appending.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(answered).toBe(false);
  held.resolve();
  await reply;
});

test("gzip is inflated by the gateway; an uncompressed message beside grpc-encoding is taken as it is", async () => {
  await using it = await rig();
  await call(it, METHODS.logs, request("logs", ["a".repeat(2000)]), { gzip: true });
  const plain = frame(request("logs", ["b"]));
  const status = await bare(it.grpc, METHODS.logs, { "grpc-encoding": "gzip" }, (send, end) => {
    send(plain);
    end();
  });
  expect(status).toBe("0");
  expect(durableNames(it.broker, "logs")).toEqual(["a".repeat(2000), "b"]);
});

test("a message larger than the default windows arrives", async () => {
  await using it = await rig();
  const names = Array.from({ length: 60 }, (_, i) => `${i}-${"x".repeat(90_000)}`);
  await call(it, METHODS.logs, request("logs", names));
  expect(durableNames(it.broker, "logs")).toEqual(names);
});

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["zstd", zstdCompressSync],
  ["snappy", snappyFramed],
])("%s is undone", async (encoding, compress) => {
  await using it = await rig();
  const bytes = frame(compress(request("logs", ["a".repeat(2_000)])), 1);
  const status = await bare(it.grpc, METHODS.logs, { "grpc-encoding": encoding }, (send, end) => {
    send(bytes);
    end();
  });
  expect(status).toBe("0");
  expect(durableNames(it.broker, "logs")).toEqual(["a".repeat(2_000)]);
});

test("an empty request is OK", async () => {
  await using it = await rig();
  expect(await call(it, METHODS.traces, Buffer.alloc(0))).toHaveLength(0);
});

test.each([
  ["a truncated message", request("traces", ["a"]).subarray(0, -3), 3],
  ["field number 0", Buffer.from([0, 1]), 3],
  ["an overlong varint", Buffer.alloc(16, 0xff), 3],
  ["a message over the limit", Buffer.alloc((1 << 20) + 1), 8],
  ["a gzip bomb", Buffer.alloc(2 << 20), 8],
])("%s is refused for good", async (what, body, code) => {
  await using it = await rig({ grpc: { max_recv_msg_size_mib: 1 } });
  const error = await failure(it, METHODS.traces, body, { gzip: what === "a gzip bomb" });
  expect(error.code).toBe(code);
  expect(details(error)?.retryDelayMs).toBeUndefined();
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
  await call(it, METHODS.logs, request("logs", ["a"]));
});

test("gzip that is none or ends too early is INVALID_ARGUMENT", async () => {
  await using it = await rig();
  for (const body of [Buffer.from("hello"), gzipSync("x".repeat(100)).subarray(0, -9)]) {
    const status = await bare(it.grpc, METHODS.logs, { "grpc-encoding": "gzip" }, (send, end) => {
      send(frame(body, 1));
      end();
    });
    expect(status).toBe("3");
  }
});

test.each([
  ["an unknown encoding", METHODS.logs, { "grpc-encoding": "br" }, frame(Buffer.from("x"), 1), "12"],
  ["an unknown method", "/a.b/C", {}, frame(Buffer.alloc(0)), "12"],
  ["another content type", METHODS.logs, { "content-type": "text/plain" }, frame(Buffer.alloc(0)), "http 415"],
  ["a timeout that is none", METHODS.logs, { "grpc-timeout": "soon" }, frame(Buffer.alloc(0)), "13"],
  ["two messages", METHODS.logs, {}, Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0))]), "12"],
])("%s is refused, and the next request is served", async (_, path, headers, bytes, status) => {
  await using it = await rig();
  const found = await bare(it.grpc, path, headers, (send, end) => {
    send(bytes);
    end();
  });
  expect(found).toBe(status);
  await call(it, METHODS.logs, request("logs", ["a"]));
  expect(it.gateway.admission.inUse).toBe(0);
});

test("a signal without a pipeline is UNIMPLEMENTED", async () => {
  await using it = await rig({ signals: ["traces"] });
  expect((await failure(it, METHODS.logs, request("logs", ["a"]))).code).toBe(12);
});

test.each(["unavailable", "disk_full", "corrupt", "too_large"] as const)(
  "a log that fails with %s is UNAVAILABLE with RetryInfo",
  async (code) => {
    await using it = await rig();
    it.broker.beforeAppend = () => {
      throw new Fault(code, "the log said no");
    };
    const error = await failure(it, METHODS.metrics, request("metrics", ["a"]));
    expect(error.code).toBe(14);
    expect(details(error)).toMatchObject({ code: 14, retryDelayMs: 1_000 });
  },
);

test("over the account a message is refused as its first bytes arrive", async () => {
  await using it = await rig({ creditsBytes: 10_000 });
  const held = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => held.promise;
  const first = call(it, METHODS.logs, request("logs", ["x".repeat(8_000)]));
  await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(8_000);
  // Only the beginning of the message is sent: the answer does not wait for the rest.
  const early = await bare(it.grpc, METHODS.logs, {}, (send) => send(frame(Buffer.alloc(10), 0, 5_000)));
  expect(early).toBe("14");
  const error = await failure(it, METHODS.logs, request("logs", ["y".repeat(3_000)]));
  expect(error.code).toBe(14);
  expect(details(error)).toMatchObject({ code: 14, retryDelayMs: 1_000 });
  held.resolve();
  await first;
  expect(it.gateway.admission.inUse).toBe(0);
});

test("a call that is reset gives its credits back", async () => {
  await using it = await rig();
  const session = connectHttp2(`http://127.0.0.1:${it.grpc}`);
  const stream = session.request({ ":method": "POST", ":path": METHODS.logs, "content-type": "application/grpc" });
  stream.on("error", () => {});
  stream.write(frame(Buffer.alloc(10), 0, 5_000));
  await expect.poll(() => it.gateway.admission.inUse).toBe(5_000);
  stream.close(constants.NGHTTP2_CANCEL);
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
  session.destroy();
});

test("a client's deadline ends its call and nothing else", async () => {
  await using it = await rig();
  const held = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => held.promise;
  expect((await failure(it, METHODS.logs, request("logs", ["a"]), { deadline: 100 })).code).toBe(4);
  held.resolve();
  await expect.poll(() => it.gateway.admission.inUse).toBe(0);
  await call(it, METHODS.logs, request("logs", ["b"]));
});

test("what a client sends under the name of our own header is ignored", async () => {
  await using it = await rig();
  const metadata = new Metadata();
  metadata.set("rondo-call", "1");
  await call(it, METHODS.logs, request("logs", ["a"]), { metadata });
  expect(durableNames(it.broker, "logs")).toEqual(["a"]);
});

/** The machine's clock, but that what is longer than a second takes a hundredth of its time. */
const hurried: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 100,
  after: (ms, run, options) => systemClock.after(ms / 100, run, options),
};

test("a message that trickles is ended, and so is a connection that never speaks HTTP/2", async () => {
  await using it = await rig({ clock: hurried });
  expect(await bare(it.grpc, METHODS.logs, {}, (send) => send(frame(Buffer.alloc(10), 0, 5_000)))).toBe("14");
  expect(it.gateway.admission.inUse).toBe(0);
  const silent = connect(it.grpc, "127.0.0.1");
  silent.on("error", () => {});
  await new Promise((resolve) => silent.resume().on("close", resolve));
});

test.each([
  ["garbage", Buffer.from("garbage\r\n\r\n")],
  ["HTTP/1.1", Buffer.from("POST /v1/logs HTTP/1.1\r\nHost: a\r\n\r\n")],
  ["a TLS handshake", Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Buffer.alloc(40)])],
  ["a broken frame", Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.alloc(64, 0xff)])],
])("%s closes its connection and no other", async (_, bytes) => {
  await using it = await rig();
  const socket = connect(it.grpc, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(bytes);
  await new Promise((resolve) => socket.resume().on("close", resolve));
  await call(it, METHODS.logs, request("logs", ["a"]));
});

test("an item over 1 MiB is refused by partial success", async () => {
  await using it = await rig();
  const body = Buffer.concat([request("logs", ["a"]), request("logs", ["x".repeat((1 << 20) + 1)])]);
  expect(decodeResponse(await call(it, METHODS.logs, body))).toMatchObject({ rejected: 1 });
  expect(durableNames(it.broker, "logs")).toEqual(["a"]);
});

test.each([
  ["below 16 KiB are read", 15_000, "0"],
  ["above 16 KiB are refused", 17_000, "3"],
])("headers %s", async (_, bytes, status) => {
  await using it = await rig();
  const send = (headers: Record<string, string>) =>
    bare(it.grpc, METHODS.logs, headers, (write, end) => {
      write(frame(request("logs", ["a"])));
      end();
    });
  expect(await send({ "x-site": "x".repeat(bytes) })).toBe(status);
  expect(await send({})).toBe("0");
});

test("what refused calls still send is thrown away, and their clients are told to stop", async () => {
  await using it = await rig({ creditsBytes: 100_000 });
  const session = connectHttp2(`http://127.0.0.1:${it.grpc}`).on("error", () => {});
  const message = frame(request("logs", ["x".repeat(90_000)]));
  const held = Promise.withResolvers<void>();
  it.broker.beforeAppend = () => held.promise;
  const first = call(it, METHODS.logs, message.subarray(5));
  await expect.poll(() => it.gateway.admission.inUse).toBeGreaterThan(90_000);
  const headers = { ":method": "POST", ":path": METHODS.logs, "content-type": "application/grpc" };
  const refused = Array.from({ length: 50 }, () => {
    const stream = session
      .request(headers)
      .on("error", () => {})
      .resume();
    stream.write(message);
    // The rest never comes: without our reset the call would stay open.
    return new Promise((closed) => stream.once("close", () => closed(stream.rstCode)));
  });
  expect(new Set(await Promise.all(refused))).toEqual(new Set([constants.NGHTTP2_NO_ERROR]));
  held.resolve();
  await first;
  session.destroy();
});

test("calls that wait for a password's check are few, and those of known clients go on", async () => {
  const checked = Promise.withResolvers<Identity>();
  const tenants: string[] = [];
  const listener = await startGrpc(
    receiverValues({ protocols: { grpc: { endpoint: "127.0.0.1:0" } } }).protocols.grpc ?? never(),
    {
      receiver: "otlp",
      key: "k",
      endpoint: { host: "127.0.0.1", port: 0 },
      signals: ["logs"],
      authenticator: {
        challenge: "",
        authenticate: ({ authorization }) => (authorization === "known" ? { tenant: "known" } : checked.promise),
        close() {},
      },
      intake: {
        admission: admission(1 << 20, systemClock),
        refuse: (fault) => ({ kind: "refused", fault, afterMs: 1 }),
        overloaded: () => never(),
        async take({ tenant }) {
          tenants.push(tenant);
          return { kind: "accepted", items: 1, rejected: 0, message: "" };
        },
      },
      json: () => never(),
      pending: (work) => work,
      clock: systemClock,
      log: silentLog,
      answered() {},
    },
  );
  const send = (authorization: string) =>
    bare(listener.port, METHODS.logs, { authorization }, (write, end) => {
      write(frame(request("logs", ["a"])));
      end();
    });
  const waiting = Array.from({ length: 40 }, () => send("unknown"));
  expect(await Promise.any(waiting)).toBe("8");
  expect(await send("known")).toBe("0");
  expect(tenants).toEqual(["known"]);
  checked.resolve({ tenant: "late" });
  const statuses = await Promise.all(waiting);
  expect(statuses.filter((status) => status === "0")).toHaveLength(32);
  expect(tenants.filter((tenant) => tenant === "late")).toHaveLength(32);
  await listener.close();
});

test("flawed spans are refused by name, and the others are durable", async () => {
  await using it = await rig();
  expect(decodeResponse(await call(it, METHODS.traces, flawedSpans()))).toEqual({
    rejected: 3,
    message: expect.stringMatching(/invalid_trace_id: 1 of 5 spans.*invalid_span_id: 1 of 5.*invalid_name: 1 of 5/),
  });
  expect(durableNames(it.broker, "traces")).toEqual(["a", "e"]);
});
