import { countItems } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { chance } from "./chance.ts";
import { outageClients } from "./outage-clients.ts";
import { outageLogs } from "./outage-logs.ts";
import { ROUND_ENDS } from "./outage-rounds.ts";
import { outageTraces } from "./outage-traces.ts";
import { spanIdOf, traceIdOf } from "./trace-ids.ts";

const time = { startMs: 0, speed: 1 };
const chances = chance(1);
const clients = outageClients(chances);
const traces = outageTraces(clients, chances, time);
const logs = outageLogs(clients, chances, time);
const spans = traces.flatMap(({ body, t }) =>
  decodeRequest("traces", body).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, t }))),
  ),
);
const records = logs.flatMap(({ body }) =>
  decodeRequest("logs", body).resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap((scope) => scope.logRecords)),
);
const hex = (id: Uint8Array | undefined) => Buffer.from(id ?? []).toString("hex");

test("each round is one trace: the server's span and those of five clients below it", () => {
  const byTrace = Map.groupBy(spans, ({ traceId }) => hex(traceId));
  expect(byTrace.size).toBe(ROUND_ENDS["job-1"].length + ROUND_ENDS["job-2"].length);
  for (const trace of byTrace.values()) {
    const [root, ...others] = trace.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(others).toEqual([]);
    const children = trace.filter((span) => span !== root);
    expect(children.map(({ parentSpanId }) => hex(parentSpanId))).toEqual(Array(5).fill(hex(root?.spanId)));
    for (const { startTimeUnixNano: begin = 0n, endTimeUnixNano: end = 0n } of children) {
      expect(begin > (root?.startTimeUnixNano ?? 0n) && end > begin && end < (root?.endTimeUnixNano ?? 0n)).toBe(true);
    }
  }
  expect(new Set(spans.map(({ spanId }) => hex(spanId))).size).toBe(spans.length);
});

test("a span is sent when it has ended", () => {
  expect(spans.every(({ t, endTimeUnixNano }) => BigInt(Math.round(t * 1e3)) * 1_000_000n === endTimeUnixNano)).toBe(
    true,
  );
});

test("logs tell of rounds, of errors, and of clients that go and come", () => {
  const count = (text: string) => records.filter(({ body }) => body?.stringValue?.includes(text)).length;
  expect([count(" aggregated"), count(" 503: "), count(" disconnected"), count(" connected")]).toEqual([
    71, 48, 60, 60,
  ]);
  expect(logs.reduce((sum, { body }) => sum + countItems("logs", body), 0)).toBe(71 + 48 + 120);
});

test("what is said of a round names its trace", () => {
  const told = records.filter(({ body }) => body?.stringValue?.endsWith(" aggregated"));
  const roots = spans.filter(({ name }) => name === "training.round");
  const ids = (of: readonly { readonly spanId?: Uint8Array }[]) => of.map(({ spanId }) => hex(spanId)).sort();
  expect(ids(told)).toEqual(ids(roots));
});

test("ids belong to their names and have their lengths", () => {
  expect(traceIdOf(chances, "a")).toEqual(traceIdOf(chances, "a"));
  expect(traceIdOf(chances, "a")).not.toEqual(traceIdOf(chances, "b"));
  expect([traceIdOf(chances, "a").length, spanIdOf(chances, "a").length]).toEqual([16, 8]);
});
