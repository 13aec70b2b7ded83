/** The three signals of OTLP. A signal is a parameter everywhere; nothing exists once per signal. */

/** `traces` carries spans, `metrics` data points, `logs` log records. */
export type Signal = "traces" | "metrics" | "logs";

/** Every signal, in the order in which tables and pages print them. */
export const SIGNALS: readonly Signal[] = ["traces", "metrics", "logs"];

/** The `:path` of the one method of each signal's gRPC service (opentelemetry/proto/collector/<signal>/v1). */
export const EXPORT_METHODS: Readonly<Record<Signal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};

/** What one item of a signal is called in messages and pages. */
export const ITEM_NAMES: Readonly<Record<Signal, string>> = {
  traces: "spans",
  metrics: "data points",
  logs: "log records",
};
