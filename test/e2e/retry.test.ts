/**
 * Clients as their users have them, against a gateway whose log does not take their request at first. What each of them does is
 * written down here, because it decides what a refusal costs: a client that does not come back has lost what it sent.
 */
import { type Clock, Fault, type FaultCode, systemClock } from "@rondo/core";
import { noMetrics } from "@rondo/gateway";
import { describe, expect, test } from "vitest";
import { durableNames, type Rig, rig } from "../../packages/gateway/src/rig.cases.ts";
import { type Declare, needs, type ToolName } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { startOtelcol } from "../rig/servers/index.ts";
import { exportWithJavaScript } from "../sdk/export-spans.ts";
import { exportWithPython, type SpanOfSize } from "../sdk/python-sdk.ts";

/**
 * `ours`: comes back after the delay that it was told. `its own`: after one of its own, whatever it was told. `never`: any refusal is
 * the end of what it sent.
 */
type Delay = "ours" | "its own" | "never";

interface Client {
  readonly name: string;
  readonly delay: Delay;
  readonly tool?: ToolName;
  /** Sends spans; resolves to whether it holds them for delivered. */
  readonly send: (gateway: Pick<Rig, "grpc" | "http">, spans: readonly SpanOfSize[]) => Promise<boolean>;
}

const CLIENTS: readonly Client[] = [
  {
    name: "JavaScript, http/protobuf",
    delay: "ours",
    send: (at, spans) => exportWithJavaScript("http/protobuf", at, spans),
  },
  { name: "JavaScript, http/json", delay: "ours", send: (at, spans) => exportWithJavaScript("http/json", at, spans) },
  // It takes every status but OK for final.
  { name: "JavaScript, gRPC", delay: "never", send: (at, spans) => exportWithJavaScript("grpc", at, spans) },
  {
    name: "Python, HTTP",
    delay: "ours",
    tool: "python",
    send: ({ http }, spans) => exportWithPython("http", http, spans),
  },
  // It looks for RetryInfo in a header of its own, not in the details of the status.
  {
    name: "Python, gRPC",
    delay: "its own",
    tool: "python",
    send: ({ grpc }, spans) => exportWithPython("grpc", grpc, spans),
  },
  { name: "the Collector, HTTP", delay: "ours", tool: "otelcol", send: throughCollector("otlphttp") },
  { name: "the Collector, gRPC", delay: "ours", tool: "otelcol", send: throughCollector("otlp") },
];

/** Spans go to a Collector that has no queue: its answer is what came of them at the gateway. */
function throughCollector(exporter: "otlp" | "otlphttp"): Client["send"] {
  return async ({ grpc, http }, spans) => {
    const [port = 0] = await freePorts(1);
    const endpoint = exporter === "otlp" ? `"127.0.0.1:${grpc}", tls: {insecure: true}` : `"http://127.0.0.1:${http}"`;
    const patience = "retry_on_failure: {initial_interval: 50ms}, sending_queue: {enabled: false}";
    const collector = await startOtelcol(`
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {${exporter}: {endpoint: ${endpoint}, ${patience}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [${exporter}]}}}
`);
    try {
      return await exportWithJavaScript("http/protobuf", { grpc: 0, http: port }, spans);
    } finally {
      await collector.close();
    }
  };
}

/** How a request was answered, and when. */
interface Attempt {
  readonly outcome: string;
  readonly at: number;
}

/**
 * How long the log has stood still when the client comes: it is asked to wait as long again. Clients that decide themselves come
 * back after a second.
 */
const STILL_MS = 3_500;

/** A gateway on which the log has not moved for a while, and how it answered. */
async function watchedGateway(): Promise<{ readonly gateway: Rig; readonly attempts: readonly Attempt[] }> {
  const attempts: Attempt[] = [];
  let ahead = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const answered = (_: string, __: string, outcome: string) =>
    void attempts.push({ outcome, at: systemClock.monotonic() });
  const gateway = await rig({ clock, metrics: { ...noMetrics, answered } });
  ahead = STILL_MS;
  return { gateway, attempts };
}

const SPANS: readonly SpanOfSize[] = [
  ["first", 10],
  ["second", 10],
];

/** 503 and UNAVAILABLE; 429 and RESOURCE_EXHAUSTED with RetryInfo. */
const REFUSALS: readonly FaultCode[] = ["unavailable", "throttled"];

describe.concurrent.each(CLIENTS)("$name", ({ delay, tool, send }) => {
  const declare: Declare = tool === undefined ? test : needs(tool);

  for (const code of REFUSALS) {
    declare(
      `${code}: ${delay === "never" ? "it gives up, and says so" : `it comes back after ${delay === "ours" ? "our" : "its own"} delay, and nothing is lost`}`,
      async () => {
        const { gateway, attempts } = await watchedGateway();
        await using it = gateway;
        let refusals = 1;
        it.broker.beforeAppend = () => {
          if (refusals-- > 0) throw new Fault(code, "the log is away");
        };
        const delivered = await send(it, SPANS);
        const [first, second] = attempts;
        if (delay === "never") {
          expect([delivered, attempts.map(({ outcome }) => outcome)]).toEqual([false, [code]]);
          expect(durableNames(it.broker, "traces")).toEqual([]);
          return;
        }
        expect([delivered, attempts.map(({ outcome }) => outcome)]).toEqual([true, [code, "ok"]]);
        expect(durableNames(it.broker, "traces")).toEqual(["first", "second"]);
        const waited = (second?.at ?? 0) - (first?.at ?? 0);
        if (delay === "ours") expect(waited).toBeGreaterThanOrEqual(STILL_MS);
        else expect(waited).toBeLessThan(STILL_MS);
      },
      60_000,
    );
  }

  declare(
    "partial success: it drops what was rejected, and sends nothing again",
    async () => {
      const { gateway, attempts } = await watchedGateway();
      await using it = gateway;
      const delivered = await send(it, [
        ["before", 10],
        ["too large", 1_200_000],
        ["after", 10],
      ]);
      expect([delivered, attempts.map(({ outcome }) => outcome)]).toEqual([true, ["partial"]]);
      expect(durableNames(it.broker, "traces")).toEqual(["before", "after"]);
    },
    60_000,
  );
});
