import { expect, expectTypeOf, test } from "vitest";
import type { Consumer } from "./consume.ts";
import { consume } from "./consume.ts";
import { type ConsumeOptions, checkOptions } from "./consume-options.ts";

const onBatch = () => undefined;
const good = { brokers: ["127.0.0.1:9092"], group: "fraud", pipeline: "traces", onBatch } as const;

test("a pipeline's id names topic and signal", () => {
  expect(checkOptions(good)).toMatchObject({ topic: "otlp_spans.enriched", signal: "traces", isManual: false });
  const named = checkOptions({ ...good, pipeline: "metrics/5 min" });
  expect(named).toMatchObject({ topic: "otlp_metrics.enriched.5_20min", signal: "metrics" });
});

test("a topic of the same layout may be named instead", () => {
  const { pipeline: _, ...rest } = good;
  const checked = checkOptions({ ...rest, topic: "otlp_logs.connector.sampled", signal: "logs" });
  expect(checked).toMatchObject({ topic: "otlp_logs.connector.sampled", signal: "logs" });
});

test("the type of the items follows from the pipeline", () => {
  type Of<P extends ConsumeOptions["pipeline"]> = P;
  expectTypeOf<Of<"logs/audit">>().toExtend<ConsumeOptions["pipeline"]>();
  expectTypeOf(() => consume({ ...good, pipeline: "logs/audit" })).returns.toEqualTypeOf<Consumer<"logs">>();
  expectTypeOf(() => consume(good)).returns.toEqualTypeOf<Consumer<"traces">>();
});

test("without a handler batches are acknowledged one by one", () => {
  const { onBatch: _, ...rest } = good;
  expect(checkOptions(rest).isManual).toBe(true);
  expect(checkOptions({ ...good, ack: "manual" }).isManual).toBe(true);
});

test.each<[string, object]>([
  ['group "rondo.traces.tempo": names that begin with rondo are Rondo\'s own', { group: "rondo.traces.tempo" }],
  ['group "rondo": names that begin with rondo', { group: "rondo" }],
  ["group: a name of 1 to 249 characters", { group: "" }],
  ["brokers: name one at least", { brokers: [] }],
  ["pipeline profiles: its id must begin with traces, metrics, logs", { pipeline: "profiles" }],
  ["pipeline traces/dlq: the name dlq is reserved", { pipeline: "traces/dlq" }],
  ["topic rondo.state is Rondo's own", { pipeline: undefined, topic: "rondo.state", signal: "logs" }],
  ["ack: without onBatch", { onBatch: undefined, ack: "resolve" }],
  ["maxInFlightBytes: 1000 is below 1048576", { maxInFlightBytes: 1_000 }],
  ["sessionTimeoutMs: 1000 is not from 6000 to 1800000", { sessionTimeoutMs: 1_000 }],
  ["retry: initialMs 5 must be above 0 and not above maxMs 4", { retry: { initialMs: 5, maxMs: 4 } }],
])("refused: %s", (message, wrong) => {
  // What callers without types may hand over.
  const options = { ...good, ...wrong } as ConsumeOptions;
  expect(() => checkOptions(options)).toThrow(message);
});
