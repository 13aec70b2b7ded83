import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { systemClock } from "@rondo/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readLedger } from "./ledger.ts";
import { ANY, call, logs, openSink, post } from "./sink.cases.ts";
import { type Sink, startSink } from "./sink.ts";

let folder: string;
let sink: Sink;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sink-"));
  sink = await openSink({ ledger: join(folder, "ledger"), ignore: ["environment"] });
});
afterEach(async () => {
  await sink.close();
  await rm(folder, { recursive: true });
});

test("told to refuse, it is not there, and comes back on the same ports", async () => {
  const { behaviour, grpc, http } = sink.listener("otlp/a");
  await behaviour.set({ mode: "refuse" });
  await expect(post(sink, "otlp/a", logs(1))).rejects.toThrow();
  expect((await call(sink, logs(1)))?.code).toBe(status.UNAVAILABLE);
  expect((await post(sink, "otlp/b", logs(1))).status).toBe(200);
  await behaviour.set({ mode: "ok" });
  expect((await post(sink, "otlp/a", logs(1))).status).toBe(200);
  expect(await call(sink, logs(2))).toBeNull();
  expect(sink.listener("otlp/a")).toMatchObject({ grpc, http });
});

test("a sink that starts absent has its ports already", async () => {
  const absent = await openSink({ answer: { mode: "refuse" } });
  await expect(post(absent, "otlp/a", logs(1))).rejects.toThrow();
  await absent.listener("otlp/a").behaviour.set({ mode: "ok" });
  expect((await post(absent, "otlp/a", logs(1))).status).toBe(200);
  await absent.close();
});

test("the ledger has every answered request, with the ids in order", async () => {
  await post(sink, "otlp/a", logs(1, 2));
  await call(sink, logs(3));
  await sink.close();
  const lines = await readLedger(join(folder, "ledger"));
  expect(lines.map(({ listener, via, ids }) => [listener, via, ids.length])).toEqual([
    ["otlp/a", "http", 2],
    ["otlp/a", "grpc", 1],
  ]);
  const held = sink.listener("otlp/a").holdings.held("logs");
  expect(lines.flatMap(({ ids }) => ids)).toEqual(held.map(({ id }) => id));
});

test("a port in use is a failed start that says so and frees what it had taken", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(ANY, resolve));
  // A server that listens on TCP has an AddressInfo.
  const { port } = other.address() as AddressInfo;
  const listeners = [{ name: "a", http: ANY, grpc: { host: "127.0.0.1", port } }];
  await expect(startSink({ listeners, clock: systemClock })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use; choose another address, or port 0`,
  );
  await new Promise((resolve) => other.close(resolve));
});

test("a listener that is not there is named with those that are", () => {
  expect(() => sink.listener("otlp/c")).toThrow('no listener "otlp/c"; there are: otlp/a, otlp/b');
});
