/** The signals of OTLP. A signal is a parameter everywhere; nothing exists once per signal. */

/** The stable signals, whose requests are read: `traces` carries spans, `metrics` data points, `logs` log records. */
export type Signal = "traces" | "metrics" | "logs";

/** Every signal whose requests are read, in the order in which tables and pages print them. */
export const SIGNALS: readonly Signal[] = ["traces", "metrics", "logs"];

/**
 * Every signal that is carried. `profiles` is in development: its requests pass through as they came, since its messages still
 * change, and since they refer by index to one dictionary, so that two of them are never joined and none is cut.
 */
export type Carried = Signal | "profiles";

/** Every signal that is carried, in the order of SIGNALS. */
export const CARRIED: readonly Carried[] = [...SIGNALS, "profiles"];

/** The `:path` of the one method of each signal's gRPC service (opentelemetry/proto/collector/<signal>/v1, v1development). */
export const EXPORT_METHODS: Readonly<Record<Carried, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  profiles: "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
};

/** The path of each signal over HTTP, below a base address (OTLP specification, "OTLP/HTTP Request"). */
export const EXPORT_PATHS: Readonly<Record<Carried, string>> = {
  traces: "/v1/traces",
  metrics: "/v1/metrics",
  logs: "/v1/logs",
  profiles: "/v1development/profiles",
};

/** What one item of a signal is called in messages and pages. */
export const ITEM_NAMES: Readonly<Record<Carried, string>> = {
  traces: "spans",
  metrics: "data points",
  logs: "log records",
  profiles: "profiles",
};
