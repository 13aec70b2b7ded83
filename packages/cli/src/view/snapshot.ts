/** What the live view shows: the account as it stands at one moment, in the words of the rules of the log 6. The role fills it, the view draws it. */
import type { Carried } from "@rondo/otlp";

/** Items dropped since the process's account began, by reason. */
export type DroppedByReason = Readonly<Record<string, number>>;

/** What the receivers say of one signal, in items. */
export interface ReceivedRow {
  readonly signal: Carried;
  /** Acknowledged to clients: durable. */
  readonly accepted: number;
  /** Answered with an error or a partial success. */
  readonly refused: number;
}

/** A pipeline's row of the account, in items: entered + created = forwarded + dropped + inFlight. */
export interface PipelineRow {
  /** The id in the configuration, such as `traces/sampled`. */
  readonly pipeline: string;
  readonly signal: Carried;
  readonly entered: number;
  readonly created: number;
  readonly forwarded: number;
  readonly dropped: DroppedByReason;
  readonly inFlight: number;
  /** Records in the log that it has not read yet. */
  readonly lag: number;
}

/** An exporter's row in one pipeline, in items: entered = delivered + deadLettered + dropped + inFlight. */
export interface ExporterRow {
  readonly pipeline: string;
  /** The id in the configuration, such as `otlp/tempo`. */
  readonly exporter: string;
  readonly signal: Carried;
  readonly entered: number;
  readonly delivered: number;
  readonly dropped: DroppedByReason;
  readonly deadLettered: number;
  /** May have reached the backend before: an upper bound. */
  readonly redelivered: number;
  readonly inFlight: number;
  /** Records in the log that it has not read yet. */
  readonly lag: number;
}

/** One look at a running process. */
export interface Snapshot {
  /** Monotonic milliseconds of the look; rates are differences over it. */
  readonly at: number;
  /** What the process waits for before it is ready, in words; empty when it is ready. */
  readonly waitingFor: readonly string[];
  /** Where to point clients and browsers: `["OTLP/gRPC", "127.0.0.1:4317"]`. */
  readonly addresses: readonly (readonly [label: string, address: string])[];
  readonly received: readonly ReceivedRow[];
  readonly pipelines: readonly PipelineRow[];
  readonly exporters: readonly ExporterRow[];
}
