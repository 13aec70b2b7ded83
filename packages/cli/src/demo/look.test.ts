import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@rondo/core";
import { settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { graphOf } from "../configuration.cases.ts";
import { startWhole, type WholeRuntime } from "../runtime.ts";
import { looker } from "./look.ts";

const ANY = { host: "127.0.0.1", port: 0 };
const GRAPH = graphOf(`
  receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}, grpc: {endpoint: "127.0.0.1:0"}}}}
  exporters: {debug/one: {verbosity: basic}}
  service: {pipelines: {logs: {receivers: [otlp], exporters: [debug/one]}}}
`);

test("a look shows what was received, what every row of the account holds, and where to send more", async () => {
  const data = await mkdtemp(join(tmpdir(), "rondo-look-"));
  const runtime = await startWhole({
    ...{ graph: GRAPH, version: "0.0.0", data, metrics: ANY, health: ANY, instance: "look" },
    ...{
      clock: systemClock,
      random: Math.random,
      log: silentLog,
      rules: new Map(),
      abort: new AbortController().signal,
    },
  });
  const look = looker(runtime, () => 42);
  const [http] = runtime.gateway.addresses.filter(({ protocol }) => protocol === "http");
  const log = { body: { stringValue: "hello" } };
  const answer = await fetch(`http://127.0.0.1:${http?.port}/v1/logs`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [log, log] }] }] }),
  });
  expect(answer.status).toBe(200);
  const row = { pipeline: "logs", signal: "logs", entered: 2, dropped: {}, inFlight: 0, lag: 0 };
  await expect.poll(() => look().exporters).toMatchObject([{ ...row, exporter: "debug/one", delivered: 2 }]);
  const seen = look();
  expect(seen.pipelines).toMatchObject([{ ...row, created: 0, forwarded: 2 }]);
  expect(seen).toMatchObject({ at: 42, waitingFor: [] });
  expect(seen.received).toEqual([
    { signal: "traces", accepted: 0, refused: 0 },
    { signal: "metrics", accepted: 0, refused: 0 },
    { signal: "logs", accepted: 2, refused: 0 },
  ]);
  expect(new Map(seen.addresses)).toEqual(
    new Map([
      ["OTLP/HTTP", `127.0.0.1:${http?.port}`],
      ["OTLP/gRPC", expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
      ["metrics", `http://${runtime.metricsAddress}/metrics`],
    ]),
  );
  await runtime.drain(5_000);
  // The last look after the end finds a log that is closed, and keeps what it knew.
  expect(look().exporters).toMatchObject([{ delivered: 2 }]);
  await rm(data, { recursive: true });
});

/** A runtime of which only the account is asked; `lags` is called once for each frame that finds no question under way. */
function accountOf(dropped: Record<string, number>, lags: () => Promise<unknown>): WholeRuntime {
  const row = { group: "g", topic: "t", signal: "logs", pipeline: "logs", component: "debug/one", tenant: "default" };
  const counts = { entered: 9, created: 0, forwarded: 0, delivered: 4, deadLettered: 0, redelivered: 0, inFlight: 0 };
  const runtime = {
    gateway: { addresses: [], totals: () => [] },
    worker: { ledger: { rows: () => [{ ...row, ...counts, dropped }], lags } },
    readiness: { reasons: () => [{ condition: "started", reason: "the start to end" }] },
    metricsAddress: "127.0.0.1:1",
  };
  // Everything that a look reads is there; the rest of a runtime is not asked.
  return runtime as unknown as WholeRuntime;
}

test("drops are summed by reason, whatever part of the component gave it", () => {
  const dropped = { "debug/one/backend_rejected": 3, "debug/one/invalid_item": 1, "edit/backend_rejected": 1 };
  const look = looker(
    accountOf(dropped, async () => []),
    () => 0,
  );
  expect(look().exporters[0]?.dropped).toEqual({ backend_rejected: 4, invalid_item: 1 });
  expect(look().waitingFor).toEqual(["the start to end"]);
});

test("frames do not wait for the lag: one question at a time, and each frame shows the last answer", async () => {
  const answers: ((unread: number) => void)[] = [];
  const ask = () =>
    new Promise((resolve, reject) =>
      answers.push((unread) => (unread < 0 ? reject(new Error("closed")) : resolve([{ group: "g", unread }]))),
    );
  const look = looker(accountOf({}, ask), () => 0);
  const lag = () => look().exporters[0]?.lag;
  expect([lag(), lag(), answers.length]).toEqual([0, 0, 1]);
  answers[0]?.(7);
  await settled();
  expect([lag(), answers.length]).toEqual([7, 2]);
  answers[1]?.(-1);
  await settled();
  expect([lag(), answers.length]).toEqual([7, 3]);
});
