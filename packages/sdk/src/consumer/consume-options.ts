/** What a consumer is told, and the checks that it can do before it speaks to anybody. */
import { enrichedTopic } from "@rondo/broker";
import type { Credentials } from "@rondo/broker/kafka";
import { Fault, type Log } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";
import type { ConsumedBatch } from "./consumed-batch.ts";

/** Which topic is read: that of a pipeline, by its id such as `traces` or `traces/sampled`, or any of the same layout by name. */
export type Source<S extends Signal = Signal> =
  | { readonly pipeline: S | `${S}/${string}`; readonly topic?: never; readonly signal?: never }
  | { readonly topic: string; readonly signal: S; readonly pipeline?: never };

/** Where a group begins that has never committed: at what comes from now on, at the oldest that is kept, or at a time of the broker's clock. */
export type ConsumeStart = "latest" | "earliest" | Date;

/** A partition that this consumer was given. */
export interface PartitionEvents {
  readonly partition: number;
  /** Fires when it is taken away or the consumer closes: what is then not acknowledged goes to its next owner. */
  readonly revoked: AbortSignal;
}

/** How a consumer is made. Times in milliseconds, sizes in bytes. */
export type ConsumeOptions<S extends Signal = Signal> = Source<S> & {
  /** Brokers to ask first, as `host:port`. */
  readonly brokers: readonly string[];
  /** TLS: `true`, or the options of Node's `tls.connect`. Absent: plain TCP. */
  readonly tls?: Credentials["ssl"];
  /** How the service says who it is, as kafkajs takes it: `{mechanism: "scram-sha-512", username, password}`. */
  readonly sasl?: Credentials["sasl"];
  /** The consumer group: a name of the service's own, never one of Rondo's (`rondo`, `rondo.…`). */
  readonly group: string;
  /** How this process is called in Kafka's own tools; the group's name unless told otherwise. */
  readonly clientId?: string;
  /** `latest` unless told otherwise. It counts once: after the first join the group's commits say where it is. */
  readonly start?: ConsumeStart;
  /**
   * Gets every batch, one at a time for each partition, in its order. When it resolves the batch is acknowledged, unless `ack` is
   * `manual`. When it throws, it gets the same batch again after a pause, and its partition waits. Without it the consumer is
   * iterated, and `ack` is `manual`.
   */
  readonly onBatch?: (batch: ConsumedBatch<S>) => Promise<void> | void;
  /** `resolve`: a batch is acknowledged when `onBatch` resolves. `manual`: by its `ack()`, in any order, whenever. */
  readonly ack?: "resolve" | "manual";
  /** Bodies that may be in hand at once, shared out over all partitions, each of which may have one record; beyond it nothing more is read. 16 MiB. */
  readonly maxInFlightBytes?: number;
  /** The pause before a batch is handed over again: 1 s at first, doubled each time up to 60 s. */
  readonly retry?: { readonly initialMs?: number; readonly maxMs?: number };
  /** A process that gives no sign of life for so long loses its partitions; so does one whose event loop stands still. 10 s. */
  readonly sessionTimeoutMs?: number;
  /** How long `close` waits for what is in hand; 10 s. */
  readonly closeTimeoutMs?: number;
  /** Told of each partition that is given to this consumer, once it stands where the group goes on. */
  readonly onPartition?: (partition: PartitionEvents) => void;
  /**
   * Told what went wrong: a handler that threw, a Kafka that cannot be reached, records that retention removed before the group had
   * read them. The consumer goes on by itself.
   */
  readonly onFault?: (fault: Fault) => void;
  /** Where it logs; nowhere unless told otherwise. */
  readonly log?: Log;
};

/** A consumer's topic and signal, and the bounds it keeps. */
export interface Checked<S extends Signal> {
  readonly topic: string;
  readonly signal: S;
  readonly inFlightBytes: number;
  readonly sessionMs: number;
  readonly closeMs: number;
  readonly retry: { readonly initialMs: number; readonly maxMs: number };
  readonly isManual: boolean;
}

const GROUP_LIMIT = 249;
const SMALLEST_IN_FLIGHT = 1 << 20;
/** Kafka: group.min.session.timeout.ms and group.max.session.timeout.ms as they are shipped. */
const SHORTEST_SESSION_MS = 6_000;
const LONGEST_SESSION_MS = 1_800_000;

/** Checks the options. Throws a `config` Fault that names the option and the way out. */
export function checkOptions<S extends Signal>(options: ConsumeOptions<S>): Checked<S> {
  const { group, brokers, onBatch, ack, maxInFlightBytes = 16 << 20, sessionTimeoutMs = 10_000 } = options;
  if (/^rondo(?:\.|$)/.test(group)) {
    throw new Fault("config", `group "${group}": names that begin with rondo are Rondo's own; choose another`);
  }
  if (group === "" || group.length > GROUP_LIMIT) {
    throw new Fault("config", `group: a name of 1 to ${GROUP_LIMIT} characters is needed`);
  }
  if (brokers.length === 0) throw new Fault("config", "brokers: name one at least, as host:port");
  if (onBatch === undefined && ack === "resolve") {
    throw new Fault("config", "ack: without onBatch every batch is acknowledged by its ack(); leave `ack` away");
  }
  if (maxInFlightBytes < SMALLEST_IN_FLIGHT) {
    throw new Fault(
      "config",
      `maxInFlightBytes: ${maxInFlightBytes} is below ${SMALLEST_IN_FLIGHT}, too little to read`,
    );
  }
  if (!(sessionTimeoutMs >= SHORTEST_SESSION_MS && sessionTimeoutMs <= LONGEST_SESSION_MS)) {
    const bounds = `from ${SHORTEST_SESSION_MS} to ${LONGEST_SESSION_MS}`;
    throw new Fault(
      "config",
      `sessionTimeoutMs: ${sessionTimeoutMs} is not ${bounds}, and a Kafka broker takes no other`,
    );
  }
  const { initialMs = 1_000, maxMs = 60_000 } = options.retry ?? {};
  if (!(initialMs > 0 && maxMs >= initialMs)) {
    throw new Fault("config", `retry: initialMs ${initialMs} must be above 0 and not above maxMs ${maxMs}`);
  }
  return {
    ...sourceOf(options),
    inFlightBytes: maxInFlightBytes,
    sessionMs: sessionTimeoutMs,
    closeMs: options.closeTimeoutMs ?? 10_000,
    retry: { initialMs, maxMs },
    isManual: onBatch === undefined || ack === "manual",
  };
}

function sourceOf<S extends Signal>(source: Source<S>): { readonly topic: string; readonly signal: S } {
  if (source.topic !== undefined) {
    if (/^rondo\./.test(source.topic)) {
      throw new Fault("config", `topic ${source.topic} is Rondo's own and has another layout`);
    }
    return { topic: source.topic, signal: source.signal };
  }
  const signal = SIGNALS.find((one) => one === source.pipeline.split("/", 1)[0]);
  if (signal === undefined) {
    throw new Fault("config", `pipeline ${source.pipeline}: its id must begin with ${SIGNALS.join(", ")}`);
  }
  // The type of `pipeline` has S before the slash, and that is what was found there.
  return { topic: enrichedTopic(signal, source.pipeline), signal: signal as S };
}
