/**
 * What a partition's `keep` components know, and how it outlives the process: a checkpoint of all of them at one offset, taken now
 * and then and stored with the commit. A successor goes on from the newest one, runs the records up to the end of the enriched
 * partition again without appending anything, and so knows what its predecessor knew. Rules of the log 5.
 */
import type { Broker, Claim, StateWrite } from "@rondo/broker";
import { type Clock, Fault, type Log } from "@rondo/core";
import {
  type CheckpointPlace,
  checkpointWrites,
  loadCheckpoints,
  PIECE_BYTES,
  type StoredCheckpoint,
} from "./checkpoint-store.ts";
import type { Stage } from "./enrich.ts";
import type { KeepingStage, Stages } from "./stages.ts";

/** When a checkpoint is due. What would be run again after a crash, and how much is written for it, are both bounded by it. */
export interface CheckpointBounds {
  /** Milliseconds after the first record that the newest checkpoint does not know. */
  readonly intervalMs: number;
  /** Bytes of raw records since the newest checkpoint. */
  readonly rawBytes: number;
}

/** The bounds that a worker keeps to; a large state is written less often (`WRITTEN_PER_SECOND`). */
export const CHECKPOINT_BOUNDS: CheckpointBounds = { intervalMs: 5_000, rawBytes: 64 << 20 };
/** Checkpoints of one partition write no more than this, bytes a second on average. */
const WRITTEN_PER_SECOND = 1 << 20;

/** What the state of a partition is kept with. */
export interface KeptOptions {
  readonly broker: Pick<Broker, "state" | "maxRecordBytes" | "watermarks">;
  readonly group: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly stages: () => Stages;
  readonly bounds?: CheckpointBounds;
  /** A component lost what it kept: no checkpoint of it could be read. */
  readonly lost?: (component: string) => void;
}

/** Where the pipeline itself goes on. */
export interface KeptFrom {
  readonly offset: number;
  readonly recreated?: true;
}

interface Pending {
  readonly offset: number;
  readonly writes: readonly StateWrite[];
  readonly bytes: ReadonlyMap<string, number>;
}

/** Keys that a checkpoint and those before it may have in the store, by offset. */
type Keys = Map<number, ReadonlySet<string>>;

/** The state of one claim. Without `keep` components it holds nothing, and holds nothing back. */
export class KeptState {
  /** The processors of this generation, in order. */
  readonly stages: readonly Stage[];
  readonly keeping: readonly KeepingStage[];
  readonly #place: CheckpointPlace;
  readonly #options: KeptOptions;
  readonly #keys: Keys;
  /** What the components know is true for everything below this offset. */
  #next: number;
  /** The newest checkpoint in the store. */
  #durable: number | undefined;
  #pending: Pending | undefined;
  #bytes: ReadonlyMap<string, number> = new Map();
  #rawBytes = 0;
  /** When the first record was run that the newest checkpoint does not know. */
  #since: number | undefined;

  private constructor(
    { stages, keeping }: Stages,
    place: CheckpointPlace,
    keys: Keys,
    options: KeptOptions,
    from: number,
  ) {
    this.stages = stages;
    this.keeping = keeping;
    this.#place = place;
    this.#keys = keys;
    this.#options = options;
    this.#next = from;
  }

  /** Finds what was kept. `from` is where the pipeline goes on by its commit and its enriched partition. */
  static async open(claim: Claim, from: KeptFrom, options: KeptOptions): Promise<KeptState> {
    const { broker, group, log } = options;
    const { topic, partition } = claim;
    const place = { group, partition };
    const { checkpoints, keys } = await loadCheckpoints(broker.state, place);
    const usable = from.recreated ? [] : checkpoints.filter(({ offset }) => offset <= from.offset);
    const restored = restore(usable, options);
    if (restored === undefined) {
      if (checkpoints.length > 0)
        log.error("no checkpoint is of this topic as it is: what processors kept is lost", {
          topic,
          partition,
          ...from,
        });
      const kept = new KeptState(options.stages(), place, new Map(keys), options, from.offset);
      if (checkpoints.length > 0) for (const { id } of kept.keeping) options.lost?.(id);
      return kept;
    }
    for (const [id, fault] of restored.failed) {
      log.error("no checkpoint of a processor can be read: it goes on as if it had kept nothing", {
        ...{ topic, partition, component: id, offset: restored.offset, fault },
      });
      options.lost?.(id);
    }
    const { low } = await broker.watermarks(topic, partition);
    if (restored.offset < low && low < from.offset)
      log.warn("records between the checkpoint and the first one kept were removed: what processors keep lacks them", {
        ...{ topic, partition, checkpoint: restored.offset, first: low },
      });
    const kept = new KeptState(
      restored,
      place,
      new Map(keys),
      options,
      Math.max(restored.offset, Math.min(low, from.offset)),
    );
    kept.#durable = restored.offset;
    kept.#bytes = restored.bytes;
    return kept;
  }

  /** The first offset to read. Records below the pipeline's own first offset are run, and nothing is made of them. */
  get next(): number {
    return this.#next;
  }

  /** Whether nothing may be appended before `take` was stored: a crash would otherwise find less than was known. */
  get needsFirst(): boolean {
    return this.keeping.length > 0 && this.#durable === undefined;
  }

  /** A record of `bytes` was run. */
  ran(offset: number, bytes: number): void {
    if (this.keeping.length === 0) return;
    this.#next = offset + 1;
    this.#rawBytes += bytes;
    this.#since ??= this.#options.clock.monotonic();
  }

  /** Milliseconds until a checkpoint is due; undefined when there is nothing new. */
  get dueInMs(): number | undefined {
    if (this.#since === undefined) return undefined;
    const { clock, bounds = CHECKPOINT_BOUNDS } = this.#options;
    const size = sum(this.#bytes);
    if (this.#rawBytes >= Math.max(bounds.rawBytes, 4 * size)) return 0;
    const interval = Math.max(bounds.intervalMs, (size / WRITTEN_PER_SECOND) * 1000);
    return Math.max(0, this.#since + interval - clock.monotonic());
  }

  /** Takes a checkpoint, to be stored by the next commit. Everything below `next` must stand in the enriched partition. */
  take(): void {
    const offset = this.#next;
    if (this.keeping.length === 0 || offset === (this.#pending?.offset ?? this.#durable)) return;
    const components = this.keeping.map(({ id, type, processor }) => ({ id, type, value: processor.checkpoint() }));
    const pieceBytes = Math.min(PIECE_BYTES, this.#options.broker.maxRecordBytes);
    const writes = checkpointWrites(this.#place, offset, components, pieceBytes);
    this.#pending = { offset, writes, bytes: new Map(components.map(({ id, value }) => [id, value.length])) };
    this.#rawBytes = 0;
    this.#since = undefined;
  }

  /** What a commit writes besides its own: the checkpoint that was taken, and the end of those before the newest in the store. */
  writes(): readonly StateWrite[] {
    const pending = this.#pending;
    // A pipeline that keeps nothing any more leaves nothing of it behind.
    const kept = this.keeping.length === 0 ? [] : [pending?.offset, this.#durable];
    const ends = [...this.#keys].flatMap(([offset, keys]) => (kept.includes(offset) ? [] : [...keys]));
    if (pending === undefined) return ends.map((key) => ({ key, value: null }));
    const own = new Set(pending.writes.map(({ key }) => key));
    // What another build wrote at this very offset may have had more pieces.
    const left = [...(this.#keys.get(pending.offset) ?? [])].filter((key) => !own.has(key));
    this.#keys.set(pending.offset, own);
    return [...[...ends, ...left].map((key) => ({ key, value: null })), ...pending.writes];
  }

  /** The offset that a commit may name once `writes` are durable, as far as state has a say. */
  bounded(offset: number): number {
    return this.keeping.length === 0 ? offset : Math.min(offset, this.#pending?.offset ?? this.#durable ?? offset);
  }

  /** The commit with what `writes` gave has succeeded. */
  stored(writes: readonly StateWrite[]): void {
    for (const [offset, keys] of this.#keys) {
      const left = new Set(keys);
      for (const { key, value } of writes) if (value === null) left.delete(key);
      if (left.size === 0) this.#keys.delete(offset);
    }
    const pending = this.#pending;
    if (pending === undefined || !writes.includes(pending.writes.at(-1) ?? NO_WRITE)) return;
    this.#durable = pending.offset;
    this.#bytes = pending.bytes;
    this.#pending = undefined;
  }

  /** Bytes of a component in the newest checkpoint. */
  bytesOf(id: string): number {
    return this.#bytes.get(id) ?? 0;
  }

  /** For how long the oldest record has been run that the newest checkpoint does not know, milliseconds. */
  get ageMs(): number {
    return this.#since === undefined ? 0 : this.#options.clock.monotonic() - this.#since;
  }
}

const NO_WRITE: StateWrite = { key: "", value: null };

interface Restored extends Stages {
  readonly offset: number;
  readonly bytes: ReadonlyMap<string, number>;
  readonly failed: ReadonlyMap<string, Fault>;
}

/**
 * The newest checkpoint that every component can read; when there is none, the newest one, with those components empty that cannot
 * read it. Undefined when nothing was ever stored.
 */
function restore(checkpoints: readonly StoredCheckpoint[], { stages }: KeptOptions): Restored | undefined {
  let newest: Restored | undefined;
  for (const checkpoint of checkpoints) {
    const restored = restoreAt(checkpoint, stages, new Map());
    if (restored.failed.size === 0) return restored;
    newest ??= restoreAt(checkpoint, stages, restored.failed);
  }
  return newest;
}

/** Restores all components but the `failed` ones. What fails now leaves an instance that must not be used. */
function restoreAt(
  { offset, components, read }: StoredCheckpoint,
  stages: () => Stages,
  failed: ReadonlyMap<string, Fault>,
): Restored {
  const made = stages();
  const faults = new Map(failed);
  const bytes = new Map<string, number>();
  for (const { id, type, processor } of made.keeping) {
    const entry = components.find((one) => one.id === id && one.type === type);
    // New in the pipeline since: it has kept nothing yet.
    if (entry === undefined || failed.has(id)) continue;
    try {
      processor.restore(read(entry));
      bytes.set(id, entry.bytes);
    } catch (thrown) {
      faults.set(id, Fault.from(thrown));
    }
  }
  return { ...made, offset, bytes, failed: faults };
}

function sum(bytes: ReadonlyMap<string, number>): number {
  return [...bytes.values()].reduce((total, one) => total + one, 0);
}
