import { systemClock } from "@rondo/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Behaviour } from "../sink/behaviour.ts";
import { ANY, known, logs } from "../sink/sink.cases.ts";
import { type Sink, startSink } from "../sink/sink.ts";
import type { Outgoing, Sender, Sent } from "./send.ts";
import { grpcSender } from "./send-grpc.ts";

const never = new AbortController().signal;
const request = (encoding: "" | "gzip"): Outgoing => ({
  signal: "logs",
  body: logs(1),
  wire: Buffer.from("unused"),
  encoding,
});

let sink: Sink;
let sender: Sender;
beforeEach(async () => {
  sink = await startSink({ listeners: [{ name: "a", grpc: ANY }], clock: systemClock });
  sender = grpcSender(known(sink.listener("a").grpc), Date.now);
});
afterEach(async () => {
  sender.close();
  await sink.close();
});

test("the message itself is sent, compressed by the library when the client had compressed it", async () => {
  for (const encoding of ["", "gzip"] as const) {
    expect(await sender.send(request(encoding), never)).toEqual({ kind: "acked", rejected: 0, message: "" });
  }
  expect(sink.listener("a").holdings.count("logs")).toMatchObject({ items: 2, ids: 1 });
});

describe("what each answer means", () => {
  const cases: Record<string, [behaviour: Behaviour, sent: Sent]> = {
    UNAVAILABLE: [
      { mode: "status", status: 503 },
      { kind: "retry", why: "gRPC UNAVAILABLE: this sink was told to answer 503" },
    ],
    "RESOURCE_EXHAUSTED with RetryInfo": [
      { mode: "status", status: 429, retryAfterMs: 250 },
      { kind: "retry", why: "gRPC RESOURCE_EXHAUSTED: this sink was told to answer 429", afterMs: 250 },
    ],
    "RESOURCE_EXHAUSTED without": [
      { mode: "status", status: 429 },
      { kind: "refused", why: "gRPC RESOURCE_EXHAUSTED: this sink was told to answer 429" },
    ],
    INTERNAL: [
      { mode: "status", status: 500 },
      { kind: "refused", why: "gRPC INTERNAL: this sink was told to answer 500" },
    ],
  };
  for (const [what, [behaviour, sent]] of Object.entries(cases)) {
    test(what, async () => {
      await sink.listener("a").behaviour.set(behaviour);
      expect(await sender.send(request(""), never)).toEqual(sent);
    });
  }
});

test("a server that is gone is another try, and is reached again when it is back", async () => {
  const { behaviour } = sink.listener("a");
  await behaviour.set({ mode: "refuse" });
  expect((await sender.send(request(""), never)).kind).toBe("retry");
  await behaviour.set({ mode: "ok" });
  let sent: Sent;
  do sent = await sender.send(request(""), never);
  while (sent.kind === "retry");
  expect(sent.kind).toBe("acked");
});

test("an abort ends a try that hangs", async () => {
  await sink.listener("a").behaviour.set({ mode: "hang" });
  expect((await sender.send(request(""), AbortSignal.timeout(30))).kind).toBe("retry");
  expect((await sender.send(request(""), AbortSignal.abort())).kind).toBe("retry");
});
