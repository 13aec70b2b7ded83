/** What a fault is: variants that break a deployment in words and numbers that a seed decides, and what must hold besides. */
import type { RondoProcess } from "../rig/rondo-process.ts";
import type { Backend } from "./backend.ts";
import type { OTLP, OTLP_HTTP } from "./config.ts";
import type { Site } from "./kafka-site.ts";
import type { Load } from "./load.ts";

/** The faults that there are, by the numbers of the matrix. */
export const FAULT_IDS = ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F10", "F11", "F13", "F15"] as const;

/** One of them. */
export type FaultId = (typeof FAULT_IDS)[number];

/** What a deployment stands on: `rondo up` alone, or processes over three nodes of Kafka and a Redis. */
export type BrokerKind = "embedded" | "kafka3";

/** What was done, when it is over. */
export interface Broken {
  /** Of the monotonic clock, milliseconds: when it happened, and when its direct effects were over. */
  readonly at: number;
  readonly until: number;
  /** From the start of a process to its readiness, milliseconds. */
  readonly readyMs?: number;
  /** Of a kill: whether it hit a request without an answer or an item that was not settled. */
  readonly hit?: boolean;
  /** What must not have happened meanwhile, as sentences. */
  readonly problems?: readonly string[];
}

/** A process of Rondo and what it is called. */
export interface Named {
  readonly name: string;
  readonly process: RondoProcess;
}

/** What every fault has to do with. */
export interface Scene {
  readonly processes: readonly Named[];
  readonly backends: Readonly<Record<typeof OTLP | typeof OTLP_HTTP, Backend>>;
  /** The longest time within two moments in which a partition of an exporter got nothing, milliseconds. */
  readonly stopOf: (exporter: string, from: number, to: number) => number;
  /** The load of the round. */
  readonly load: () => Load;
  /** Acknowledged items that some backend has not got yet. */
  readonly unsettled: () => number;
  /** How much of what is acknowledged now this exporter has yet to deliver when it is asked again. */
  readonly owedTo: (exporter: string) => () => number;
}

/** One machine. `resize` makes its disk as large as what is on it, or large again; only where it has one of its own. */
export interface EmbeddedScene extends Scene {
  readonly rondo: RondoProcess;
  readonly resize?: (to: "what is there" | "large") => void;
}

/** Processes over Kafka and Redis. */
export interface KafkaScene extends Scene {
  readonly site: Site;
}

/** One break, drawn. */
export interface Attack<S extends Scene> {
  /** In words, with its numbers. */
  readonly text: string;
  /** Does it, and resolves when everything that it broke is whole again; what was started need not be ready. */
  run(scene: S): Promise<Broken>;
  /** Load before it, milliseconds; 1,500 unless given. */
  readonly loadMs?: number;
  /** At least so long after the last break of the run, milliseconds; then stops are measured. */
  readonly apartMs?: number;
  /** The process whose partitions are expected to stop. */
  readonly victim?: string;
  /** Backends take everything, so that nothing comes twice; then nothing may. */
  readonly calm?: boolean;
  /** What must come no more than once, and what may. */
  readonly mayRepeat?: {
    /** Enriched records that may stand in the log twice. */
    readonly enriched?: number;
    /** Whether a gateway may have to append again what an answer was lost for. */
    readonly raw?: boolean;
  };
}

/** One way in which a fault comes. */
export interface Variant<S extends Scene> {
  readonly name: string;
  /** The break of a round, by the chances of its seed; `round` is the number of the round among those of its fault. */
  draw(random: () => number, round: number): Attack<S>;
}

/** A fault of the matrix. */
export interface FaultCase {
  readonly id: FaultId;
  readonly title: string;
  /** What is broken, how it becomes whole, and what is checked beyond the invariants; sentences without an end. */
  readonly breaks: string;
  readonly heals: string;
  readonly checks: string;
  /** The variants on either broker, in turn; absent: the fault does not meet that broker. */
  readonly embedded?: readonly Variant<EmbeddedScene>[];
  readonly kafka3?: readonly Variant<KafkaScene>[];
  /** The disk of the one machine must be its own. */
  readonly ownDisk?: boolean;
  /** Brings everything that it needs, instead of variants: `embedded` then names it. */
  readonly alone?: (setup: AloneSetup) => Promise<AloneFindings>;
  /** The long case, run once. */
  readonly long?: Variant<KafkaScene>;
}

/** What a round gets that brings everything else. */
export interface AloneSetup {
  readonly random: () => number;
  readonly round: number;
  /** A folder of its own, which is there. */
  readonly folder: string;
}

/** What came of it. */
export interface AloneFindings {
  readonly text: string;
  readonly sent: number;
  readonly acked: number;
  readonly problems: readonly string[];
}
