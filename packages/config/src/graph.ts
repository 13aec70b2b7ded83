/** The typed graph that a configuration becomes: what runs, and how it is wired. Nothing of YAML is left in it. */
import type { AnyExporterType, AnyProcessorType, AnySettingsType } from "@rondo/core";
import type { Signal } from "@rondo/otlp";

/** One configured component that runs: its entry in the component list, and its parsed values. */
export interface Configured<T> {
  readonly id: string;
  readonly type: T;
  // The values' type is that of the entry's `fields`; it is known again where `type.create(values, …)` is called.
  readonly values: unknown;
}

/** One pipeline of `service.pipelines`, in the order of the file. */
export interface PipelineNode {
  /** `traces`, `traces/sampled`, … */
  readonly id: string;
  readonly signal: Signal;
  /** Ids of the receivers that run; those not built yet are left out. */
  readonly receivers: readonly string[];
  /** In the order of the file, one instance per pipeline. */
  readonly processors: readonly Configured<AnyProcessorType>[];
  /** One instance per pipeline. */
  readonly exporters: readonly Configured<AnyExporterType>[];
}

/** A part of the configuration that this build knows but does not run. */
export interface NotYet {
  readonly kind: string;
  readonly id: string;
  /** Such as `3 targets`. */
  readonly extent?: string;
  /** The pipelines whose edge is left out. */
  readonly pipelines: readonly string[];
}

/** A problem or a warning, with the place it was found at. */
export interface Finding {
  readonly path: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** Where batches are kept. */
export type BrokerSettings =
  | {
      readonly kind: "embedded";
      readonly partitions: number;
      readonly retentionMs: number;
      readonly segmentBytes: number;
      readonly defaultTenant: string;
      readonly defaultReceiver: string;
      readonly lingerMs: number;
      readonly sync: boolean;
    }
  | {
      readonly kind: "kafka";
      readonly brokers: readonly string[];
      readonly defaultTenant: string;
      readonly defaultReceiver: string;
      readonly lingerMs: number;
    };

/** A whole configuration, checked. */
export interface Graph {
  readonly receivers: readonly Configured<AnySettingsType>[];
  readonly pipelines: readonly PipelineNode[];
  readonly extensions: readonly Configured<AnySettingsType>[];
  readonly broker: BrokerSettings;
  readonly notYet: readonly NotYet[];
  readonly warnings: readonly Finding[];
}
