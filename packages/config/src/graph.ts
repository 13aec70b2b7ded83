/** The typed graph that a configuration becomes: what runs, and how it is wired. Nothing of YAML is left in it. */
import type {
  AnyExporterType,
  AnyProcessorType,
  AnySettingsType,
  ClientTlsValues,
  SaslValues,
  Secret,
} from "@rondo/core";
import type { Carried } from "@rondo/otlp";

/** One configured component that runs: its entry in the component list, and its parsed values. */
export interface Configured<T> {
  readonly id: string;
  readonly type: T;
  // The values' type is that of the entry's `fields`; it is known again where `type.create(values, …)` is called.
  readonly values: unknown;
  /** Exporters: the name under which its groups were made, where that is another; `renamed_from` in the file. */
  readonly renamedFrom?: string;
}

/** One pipeline of `service.pipelines`, in the order of the file. */
export interface PipelineNode {
  /** `traces`, `traces/sampled`, … */
  readonly id: string;
  readonly signal: Carried;
  /** The name under which its groups and its topic were made, where that is another; `renamed_from` in the file. */
  readonly renamedFrom?: string;
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
export type BrokerSettings = EmbeddedBrokerSettings | KafkaBrokerSettings;

/** What holds for every log. */
interface AnyBrokerSettings {
  readonly partitions: number;
  readonly retentionMs: number;
  readonly defaultTenant: string;
  readonly defaultReceiver: string;
  readonly lingerMs: number;
}

/** A log in files on this machine. */
export interface EmbeddedBrokerSettings extends AnyBrokerSettings {
  readonly kind: "embedded";
  /** Absent: only age removes anything. */
  readonly retentionBytes?: number;
  readonly segmentBytes: number;
  readonly sync: boolean;
}

/** A Kafka cluster. How many partitions and copies there are and what is kept is for topics that Rondo creates. */
export interface KafkaBrokerSettings extends AnyBrokerSettings {
  readonly kind: "kafka";
  /** `host:port` of the brokers that are asked first. */
  readonly brokers: readonly string[];
  /** Absent: 3, or as many as there are brokers. */
  readonly replicationFactor?: number;
  /** Absent: 2 of three copies, else 1. */
  readonly minInsyncReplicas?: number;
  /** Of a partition; absent: only age removes anything. */
  readonly retentionBytes?: number;
  /** How batches are written; all compressions are always read. */
  readonly compression: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  readonly sessionTimeoutMs: number;
  /** Absent: brokers do not ask who we are, or ask for a certificate only. */
  readonly sasl?: SaslValues;
  /** Absent: the brokers are spoken to in plain text. */
  readonly tls?: ClientTlsValues;
}

/** Where the windows are that rules are evaluated from, and what is in them. */
export interface WindowsSettings {
  readonly store: { readonly kind: "embedded" } | { readonly kind: "redis"; readonly url: Secret };
  /** The id of the metrics pipeline whose output is kept; undefined when there is no metrics pipeline. */
  readonly pipeline: string | undefined;
  /** The name under which that pipeline's groups and its topic were made, where it is another. */
  readonly renamedFrom?: string;
  /** Selectors of series that are kept although no rule reads them, as written. */
  readonly keep: readonly string[];
  /** How much later than its time a sample may arrive and still count, milliseconds. */
  readonly latenessMs: number;
}

/** A rule file pattern as written, and the folder that it is relative to. */
export interface RulePattern {
  readonly pattern: string;
  readonly folder: string;
  /** Where it is written. */
  readonly mark?: Pick<Finding, "file" | "line">;
}

/** One Alertmanager. */
export interface AlertmanagerSettings {
  /** Its base, such as `http://am:9093`; the path of its API is added. */
  readonly url: string;
  readonly timeoutMs: number;
}

/** What is evaluated, when, and who is told. */
export interface AlertsSettings {
  /** By tenant. */
  readonly rules: ReadonlyMap<string, readonly RulePattern[]>;
  readonly alertmanagers: readonly AlertmanagerSettings[];
  readonly evaluationIntervalMs: number;
  readonly resendDelayMs: number;
  readonly lookbackMs: number;
  readonly externalUrl: string;
  readonly externalLabels: ReadonlyMap<string, string>;
  /** `host:port` of the rules API. */
  readonly endpoint: string;
}

/** What one tenant may ask of one gateway. */
export interface TenantLimits {
  /** 0 is no limit. */
  readonly itemsPerSecond: number;
  /** Of requests as they are after decompression; 0 is no limit. */
  readonly bytesPerSecond: number;
  /** How much of a rate may be used at once after a silence: so many milliseconds' worth. */
  readonly burstMs: number;
  /** Its part beside other tenants when there is not enough for all. At least 1. */
  readonly weight: number;
}

/** What tenants may ask of one gateway. */
export interface TenantsSettings {
  /** Of every tenant without an override. */
  readonly limits: TenantLimits;
  /** By tenant, complete. */
  readonly overrides: ReadonlyMap<string, TenantLimits>;
}

/** A whole configuration, checked. */
export interface Graph {
  readonly receivers: readonly Configured<AnySettingsType>[];
  readonly pipelines: readonly PipelineNode[];
  readonly extensions: readonly Configured<AnySettingsType>[];
  readonly broker: BrokerSettings;
  readonly windows: WindowsSettings;
  /** Absent when the configuration has no `alerts:` section: then nothing is evaluated and no window is kept. */
  readonly alerts?: AlertsSettings;
  /** Absent when the configuration has no `tenants:` section: then no tenant is limited, and all weigh the same. */
  readonly tenants?: TenantsSettings;
  readonly notYet: readonly NotYet[];
  readonly warnings: readonly Finding[];
}
