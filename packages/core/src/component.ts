/**
 * What a processor and an exporter are. A component states its type, its documentation and its fields in one table;
 * it computes and never counts: the runner around it does (delivery's `observe`, the worker's pipeline).
 */
import type { Carried, Signal } from "@rondo/otlp";
import type { Batch, Meta } from "./batch.ts";
import type { Clock, Random } from "./clock.ts";
import type { Deliver } from "./deliver.ts";
import type { DropReason } from "./drop-reason.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Fields, Place, ValuesOf } from "./field.ts";
import type { MetadataNeed } from "./metadata.ts";

/** Where a component may speak to the operator. Implemented by `monitor`. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** The same log with fields on every line. */
  child(fields: Readonly<Record<string, unknown>>): Log;
}

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };

/** What surrounds a component instance. */
export interface Surroundings<S extends Carried = Carried> {
  /** The component's id in the configuration, such as `otlp/tempo`. */
  readonly id: string;
  readonly signal: S;
  /** The pipeline's id, such as `traces` or `traces/sampled`. */
  readonly pipeline: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What an extension of the service does to the headers of requests; undefined when it is no client authenticator. */
  readonly headersBy?: (extension: string) => SetHeaders | undefined;
}

/**
 * Changes the headers of one request to a backend, whose names are in lower case, by what the client's request had. Values are text:
 * the protocol that sends them sees to their encoding.
 */
export type SetHeaders = (headers: Map<string, string>, meta: Meta) => void;

/** Items that a processor let go, for a reason that it declared. */
export interface ProcessorDrop {
  readonly reason: DropReason;
  readonly items: number;
}

/**
 * What is left of a batch: its parts in order (none when nothing is left), and what was dropped on the way. The body of a part is the
 * batch's own or in it, or was made for this batch: its memory is given back by whoever has no use for it any more, so that it must not
 * be kept, nor be a constant.
 */
export interface Processed {
  readonly parts: readonly Part[];
  readonly drops?: readonly ProcessorDrop[];
}

/** OTLP wire bytes with their number of items. */
export interface Part {
  readonly items: number;
  readonly body: Uint8Array;
}

/**
 * A pure function of one batch (component state `none`): no clock, no host, no chance, so that a rerun gives the same bytes. It is
 * never called for profiles, which no processor reads.
 */
export interface Processor {
  process(batch: Batch<Signal>): Processed;
}

/**
 * A processor whose output follows from earlier batches too (component state `keep`): one instance for each partition and generation.
 * What it does is a function of the batches that it was given and of their times, in their order: the same ones give the same bytes
 * and the same checkpoint, in any process. It copies what it keeps, since a batch's memory is used again. Rules of the log 5.
 */
export interface KeepingProcessor {
  /** `at` is the broker's timestamp of the record that the batch comes from, milliseconds: the only clock there is. */
  process(batch: Batch<Signal>, at: number): Processed;
  /** Everything that later output depends on, in a form that `restore` of this or a later build reads. */
  checkpoint(): Uint8Array;
  /** Takes over a checkpoint, before the first batch. Throws a Fault `corrupt` for what is none, or is of a form it does not know. */
  restore(checkpoint: Uint8Array): void;
  /** How many entries it keeps, such as streams. */
  readonly kept: number;
}

/** How an exporter's batches are joined before they are sent. */
export interface Accumulation {
  /** Send as soon as this many items wait. */
  readonly minItems: number;
  /** Never put more items than this into one request, unless a single record holds more; 0 is no bound. */
  readonly maxItems: number;
  /** Never put more bytes than this into one request, unless a single record holds more. */
  readonly maxBytes: number;
  /** Wait at most this long for company, in milliseconds. */
  readonly waitMs: number;
}

/** Waits between tries: `initialMs`, growing by `multiplier` up to `maxMs`, each ± `randomization`; it never gives up. */
export interface RetryPolicy {
  readonly initialMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
  readonly randomization: number;
}

/** One destination. `deliver` makes a single try; retrying, timing out and joining are the Layers around it. */
export interface Exporter {
  readonly deliver: Deliver;
  /** A try that takes longer is aborted and becomes a retry. Milliseconds; 0 is no bound. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Overrides how batches are joined; absent means what the pipeline's batch processor says. */
  readonly accumulation?: Partial<Accumulation>;
  /** Opens what it needs before the first deliver, such as a port. Called once; rejects with a Fault `startup` that says what is wrong. */
  start?(): Promise<void>;
  /** Ends connections. Called once, after the last deliver has settled or was aborted. */
  close(): Promise<void>;
}

interface Described<F extends Fields> {
  /** The type as configurations write it. */
  readonly type: string;
  /** Other spellings of the type that mean the same. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly signals: readonly Carried[];
  readonly fields: F;
  /** Checks that need more than one field; reports to `place`. */
  readonly check?: (values: ValuesOf<F>, place: Place) => void;
  /** The extensions that these values refer to; each must be in `service::extensions`. */
  readonly uses?: (values: ValuesOf<F>) => readonly ExtensionReference[];
  /** What these values read of the client's metadata; absent: nothing. Of an extension it counts where an exporter uses it. */
  readonly metadata?: (values: ValuesOf<F>) => MetadataNeed;
}

interface DescribedProcessor<F extends Fields> extends Described<F> {
  readonly kind: "processor";
  /** The reasons for which it drops items. */
  readonly drops: readonly DropReason[];
}

/** A processor type whose output is a pure function of the record: one instance serves every partition. */
export interface PureProcessorType<F extends Fields = Fields> extends DescribedProcessor<F> {
  readonly state: "none";
  readonly create: (values: ValuesOf<F>, around: Surroundings<Signal>) => Processor;
}

/** A processor type that keeps state: the worker makes an instance for each partition and generation, and stores its checkpoints. */
export interface KeepingProcessorType<F extends Fields = Fields> extends DescribedProcessor<F> {
  readonly state: "keep";
  readonly create: (values: ValuesOf<F>, around: Surroundings<Signal>) => KeepingProcessor;
}

/** A processor type: documentation, fields and constructor in one entry. */
export type ProcessorType<F extends Fields = Fields> = PureProcessorType<F> | KeepingProcessorType<F>;

/** An exporter type: documentation, fields and constructor in one entry. */
export interface ExporterType<F extends Fields = Fields> extends Described<F> {
  readonly kind: "exporter";
  /** Why an exporter with these values cannot have a signal that others of its type can; undefined when it can. */
  readonly refuses?: (values: ValuesOf<F>, signal: Carried) => string | undefined;
  readonly create: (values: ValuesOf<F>, around: Surroundings) => Exporter;
}

/** What an extension can do for other components: tell who sends to a receiver, or say to a backend who sends. */
export type Service = "authenticator" | "client authenticator";

/** A reference from one component's values to an extension of the service. */
export interface ExtensionReference {
  /** The keys down to where it is written. */
  readonly keys: readonly string[];
  /** The extension's id. */
  readonly id: string;
  /** What the extension must be able to do. */
  readonly as: Service;
}

/** An endpoint that a receiver binds. */
export interface Listening {
  /** Where it stands below the receiver, such as `["protocols", "grpc", "endpoint"]`. */
  readonly keys: readonly string[];
  readonly endpoint: Endpoint;
}

/** A receiver or extension type: what configuration needs to know of it. The role that runs it reads the values. */
export interface SettingsType<F extends Fields = Fields> extends Described<F> {
  readonly kind: "receiver" | "extension";
  /** The endpoints that these values bind, each once. No two receivers in use may name the same one. */
  readonly listens?: (values: ValuesOf<F>) => readonly Listening[];
  /** The keys down to each flag that makes this receiver keep the client's metadata, and is set. */
  readonly keepsMetadata?: (values: ValuesOf<F>) => readonly (readonly string[])[];
  /** What this extension can do for others. */
  readonly provides?: readonly Service[];
  /** What this extension does to requests to backends, when it is a client authenticator. */
  readonly setHeaders?: (values: ValuesOf<F>) => SetHeaders;
}

/** A component type that this build knows by name only: it is named at start and its edge is left out. */
export interface PlannedType {
  readonly kind: ComponentKind;
  readonly type: string;
  readonly aliases?: readonly string[];
  /** How much of it a configuration asks for, such as `3 targets`; absent when there is nothing to count. */
  readonly extent?: (raw: unknown) => string | undefined;
  /** Leaving it out would let through what it was put there to hold back: the configuration is then refused. */
  readonly protects?: boolean;
}

/** The five sections of a Collector configuration that declare components. */
export type ComponentKind = "receiver" | "processor" | "exporter" | "extension" | "connector";

// A list holds types whose field tables differ; the constructor's argument makes them invariant, hence the erasure here,
// undone in one place: config reads `fields` and hands the values back to the same entry's `create`.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyProcessorType = ProcessorType<any>;
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyExporterType = ExporterType<any>;
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnySettingsType = SettingsType<any>;

/** Everything that a configuration may name. An explicit list; nothing registers itself. */
export interface ComponentTypes {
  readonly receivers: readonly AnySettingsType[];
  readonly processors: readonly AnyProcessorType[];
  readonly exporters: readonly AnyExporterType[];
  readonly extensions: readonly AnySettingsType[];
  readonly planned: readonly PlannedType[];
}

/** Declares a processor type of state `none`; `create` sees the values typed by `fields`. */
export function defineProcessor<F extends Fields>(entry: Omit<PureProcessorType<F>, "kind">): PureProcessorType<F> {
  return { kind: "processor", ...entry };
}

/** Declares a processor type of state `keep`; `create` sees the values typed by `fields`. */
export function defineKeepingProcessor<F extends Fields>(
  entry: Omit<KeepingProcessorType<F>, "kind">,
): KeepingProcessorType<F> {
  return { kind: "processor", ...entry };
}

/** Declares an exporter type; `create` sees the values typed by `fields`. */
export function defineExporter<F extends Fields>(entry: Omit<ExporterType<F>, "kind">): ExporterType<F> {
  return { kind: "exporter", ...entry };
}

/** Declares a receiver type. */
export function defineReceiver<F extends Fields>(entry: Omit<SettingsType<F>, "kind">): SettingsType<F> {
  return { kind: "receiver", ...entry };
}

/** Declares an extension type. */
export function defineExtension<F extends Fields>(entry: Omit<SettingsType<F>, "kind">): SettingsType<F> {
  return { kind: "extension", ...entry };
}
