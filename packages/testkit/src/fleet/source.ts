/** How a fleet is described: senders, the sources whose metrics they send, and what each metric says at any time. */

/** A span of a scenario's time in milliseconds from its beginning: `from` belongs to it, `until` does not. */
export interface Life {
  readonly from: number;
  readonly until: number;
}

/** One series of a source. */
export interface Metric {
  /** As OTLP has it, dots and all. */
  readonly name: string;
  /** As Prometheus has it. Written out and not translated: a truth must not rest on the code that it judges. */
  readonly prometheus: string;
  readonly kind: "gauge" | "counter";
  readonly unit?: string;
  /** Of the data point; names are such that Prometheus keeps them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The value at a moment of the description; undefined as long as the instrument has recorded nothing. */
  value(ms: number, life: Life): number | undefined;
}

/** One process with metrics: what its resource says and when it lives. A new life is a new start of its counters. */
export interface Source {
  /** service.name and Prometheus's `job`. */
  readonly service: string;
  /** service.instance.id and Prometheus's `instance`. */
  readonly instance: string;
  /** What else the resource says. */
  readonly resource: Readonly<Record<string, string>>;
  readonly lives: readonly Life[];
  /** How long before the sending the metrics are read, in milliseconds. */
  readonly lagMs: number;
  readonly metrics: readonly Metric[];
}

/** What opens a connection: a service with its SDK, or a Collector before several. It sends one request each interval. */
export interface Sender {
  readonly name: string;
  readonly via: "http" | "grpc";
  readonly encoding: "" | "gzip";
  /** When the first request goes, in milliseconds below the interval. */
  readonly phaseMs: number;
  readonly sources: readonly Source[];
}

/** The life that a moment belongs to, if any. */
export function lifeAt(lives: readonly Life[], ms: number): Life | undefined {
  return lives.find(({ from, until }) => from <= ms && ms < until);
}
