/**
 * The log that everything leans on: topics of partitions, appended durably, read by groups of which each partition has one
 * owner at a time. Two brokers implement it – embedded/ (one process, files) and kafka/ – and one contract suite holds both.
 * The rules behind it: docs/architecture.md, "rules of the log".
 */
import type { Fault } from "@rondo/core";
import type { NewValue } from "./new-value.ts";
import type { StateStore, StateWrite } from "./state.ts";

/** Header values of a record as they stand in the log: short ASCII or UTF-8 text. */
export type Headers = Readonly<Record<string, string>>;

/** A record on its way into the log. Its key is null and its partition explicit, always. */
export interface NewRecord {
  readonly headers: Headers;
  readonly value: NewValue;
  /**
   * Whoever appends the value never touches it again once it is durable: the log may give its memory back as soon as it needs it
   * no more, instead of leaving it to the collector. A value in pieces is not touched again even when the append fails: a log that
   * wants it whole gives the pieces back at once. Absent: the value stays as it is.
   */
  readonly given?: true;
}

/** A record whose value is in one piece. */
export interface WholeRecord extends NewRecord {
  readonly value: Uint8Array;
}

/** A record as it stands in the log. `value` stays valid as long as it is held, and is never changed in place. */
export interface LogRecord extends WholeRecord {
  readonly offset: number;
  /** The broker's clock when it was appended (LogAppendTime), milliseconds since the epoch. */
  readonly timestamp: number;
  /**
   * Whoever read the record says, once, that it never touches the value again: when all of its readers have, the log may give the
   * memory back. Who says nothing leaves it to the collector. Absent where the memory is not the log's to give.
   */
  release?(): void;
  /**
   * Why what stands at `offset` cannot be read: damaged, of an unknown format, or larger than may be once inflated. Then there are no
   * headers, and `value` is what stands there as it is, at most one batch; records behind `offset` may be in it. The log goes on
   * behind them. `readRawHeaders` and `readEnrichedHeaders` throw it.
   */
  readonly fault?: Fault;
}

/** Where an append landed: its records have `baseOffset`, `baseOffset + 1`, … */
export interface Appended {
  readonly baseOffset: number;
  readonly timestamp: number;
  /** Nothing of the log refers to the values any more: whoever appended them may give their memory back. Absent: it may. */
  readonly returned?: true;
}

/** The range of a partition: the first offset still kept, and one past the last durable record. */
export interface Watermarks {
  readonly low: number;
  readonly high: number;
}

/** A topic that a role needs. Creating it is idempotent; an existing one keeps its partitions. */
export interface TopicSpec {
  readonly name: string;
  /** Absent means the broker's configured number. */
  readonly partitions?: number;
}

/** What `ensureTopics` found or made. */
export interface TopicState {
  readonly name: string;
  readonly partitions: number;
  readonly created: boolean;
}

/** Where a group starts that has never committed: the end of what exists, the beginning, or a time in epoch milliseconds. */
export type GroupStart = "latest" | "earliest" | { readonly since: number };

/** A group and the topic it reads. A group reads one topic. */
export interface GroupSpec {
  readonly group: string;
  readonly topic: string;
  /** Absent: the end of a topic that existed before, the beginning of one that this process created. */
  readonly start?: GroupStart;
}

/** What a group starts from on one partition. */
export interface ClaimStart {
  /** The group's first offset, registered once and for ever before anything was acknowledged. */
  readonly registered: number;
  /** The last commit; absent when the group has none. */
  readonly committed?: number;
}

/**
 * One partition, held by one member in one generation. Everything that is done for the partition goes through its claim,
 * so that a member that lost it cannot write: `append` and `commit` check the lease and throw a Fault `aborted` when it is gone.
 */
export interface Claim {
  readonly topic: string;
  readonly partition: number;
  /** Grows with every reassignment of the group. */
  readonly generation: number;
  readonly start: ClaimStart;
  /** Fires when the partition is taken away or the member leaves. */
  readonly revoked: AbortSignal;
  /**
   * Fires when nothing may be written in the claim's name any more: with `revoked`, or later where the log waits for a while
   * for what the claim's reader has in hand.
   */
  readonly lost: AbortSignal;
  /** Sets the read position. An offset that is no longer kept is moved to the low watermark and reported by the next read. */
  seek(offset: number): void;
  /**
   * The next records from the read position, at least one, as many as are at hand up to `maxBytes` of values (always one).
   * Waits while there is none. Returns an empty list only when the claim was revoked. Advances the read position.
   * Not calling it is how a reader pauses.
   */
  read(maxBytes: number): Promise<readonly LogRecord[]>;
  /** Appends to any topic on behalf of this claim. Durable when it resolves. */
  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended>;
  /**
   * Commits `offset` (everything below it is settled) with the state that is true for it. The state is durable before the
   * commit is; embedded, both are one transaction. Never moves a commit backwards.
   */
  commit(offset: number, state: readonly StateWrite[]): Promise<void>;
}

/** A member of a group. */
export interface Member {
  /** Whether its claims may write just now; false while it is away from its group and joins it again. Absent: always. */
  isMember?(): boolean;
  /** Gives up every claim, waits until `onClaim` has returned for each, and leaves the group. */
  leave(): Promise<void>;
}

/** How a group stands on one partition. */
export interface GroupPosition {
  readonly partition: number;
  readonly registered: number;
  readonly committed?: number;
}

/** The log. Methods throw a Fault: `unavailable` when later will do, `disk_full`, `corrupt`, `startup`, `aborted`. */
export interface Broker {
  /** Creates what is missing. Throws `config` when a topic exists with another number of partitions than asked for. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<readonly TopicState[]>;
  /**
   * Registers a group's first offset for every partition of its topic; the first registration ever made wins. A partition
   * that the topic gets later is read from its beginning.
   * Every role registers every group of its configuration before it acknowledges anything.
   */
  registerGroup(spec: GroupSpec): Promise<readonly GroupPosition[]>;
  /** Every group ever registered, with its topic. */
  groups(): Promise<readonly GroupSpec[]>;
  /** Where a registered group stands; throws `not_found` when it never was registered. */
  position(group: string): Promise<readonly GroupPosition[]>;
  /**
   * Joins a registered group. `onClaim` runs once per partition and generation, and holds the partition until it returns;
   * when it returns or throws while the claim is not revoked, the member fails and `onFailure` is called once with the Fault.
   */
  join(spec: GroupSpec, onClaim: (claim: Claim) => Promise<void>, onFailure: (fault: Error) => void): Promise<Member>;
  /**
   * Appends records to one partition in order; none or all become visible. Durable when it resolves. Throws `too_large` for a value
   * above `maxRecordBytes`, and where it matters to the log for records that take more than APPEND_HEADROOM above it in all
   * (`recordBytes`).
   */
  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended>;
  /** Reads without a group: records from `offset`, empty when there is none yet. */
  read(topic: string, partition: number, offset: number, maxBytes: number): Promise<readonly LogRecord[]>;
  /** The range of a partition. */
  watermarks(topic: string, partition: number): Promise<Watermarks>;
  /** The ranges of every partition of some topics, in few questions however many there are; throws `not_found`. */
  ranges(topics: readonly string[]): Promise<ReadonlyMap<string, readonly Watermarks[]>>;
  /** The number of partitions of an existing topic; throws `not_found`. */
  partitions(topic: string): Promise<number>;
  readonly state: StateStore;
  /** The largest value of a record that `append` takes, bytes. */
  readonly maxRecordBytes: number;
  /** Ends every member, makes everything durable and closes files and connections. */
  close(): Promise<void>;
}
