/** A consumer group in memory: registered starts, commits, and a new generation whenever a member comes or goes. */
import type {
  Appended,
  Claim,
  GroupPosition,
  GroupSpec,
  LogRecord,
  Member,
  NewRecord,
  StateStore,
} from "@rondo/broker";
import { Fault } from "@rondo/core";
import type { MemoryPartition } from "./memory-partition.ts";

/** Appends for the process that a member belongs to, and fails once that process has closed its log. */
type Append = (topic: string, partition: number, records: readonly NewRecord[], check: () => void) => Promise<Appended>;

/** What a group needs of its broker. */
export interface GroupSurroundings {
  readonly partitions: readonly MemoryPartition[];
  readonly state: StateStore;
}

interface Held {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

interface Seat {
  readonly append: Append;
  readonly onClaim: (claim: Claim) => Promise<void>;
  readonly onFailure: (fault: Error) => void;
  held: Held[];
}

/** One group of a test log. */
export interface MemoryGroup {
  readonly spec: GroupSpec;
  position(): readonly GroupPosition[];
  join(append: Append, onClaim: Seat["onClaim"], onFailure: Seat["onFailure"]): Promise<Member>;
  /** Everybody leaves and is waited for. */
  close(): Promise<void>;
  /** Every member is gone at once, as after kill −9: nobody is waited for and no failure is reported. */
  crash(): void;
}

/** A group whose first offsets are `registered`, one per partition. */
export function memoryGroup(spec: GroupSpec, registered: readonly number[], around: GroupSurroundings): MemoryGroup {
  const committed = new Map<number, number>();
  const seats = new Set<Seat>();
  let generation = 0;
  /** The rebalance under way: the next one waits for it, so that generations do not mix. */
  let settling: Promise<void> = Promise.resolve();

  const startOf = (partition: number) => {
    const commit = committed.get(partition);
    return { registered: registered[partition] ?? 0, ...(commit !== undefined && { committed: commit }) };
  };

  /** Checks its lease before every write, and again where time passes before a write takes effect. */
  const claimOf = ({ append }: Seat, partition: number, log: MemoryPartition, revoked: AbortSignal): Claim => {
    const start = startOf(partition);
    let position = start.committed ?? start.registered;
    const check = () => {
      if (revoked.aborted) throw new Fault("aborted", `partition ${partition} of ${spec.topic} was taken away`);
    };
    return {
      topic: spec.topic,
      partition,
      ...{ generation, start, revoked, lost: revoked },
      seek(offset) {
        position = offset;
      },
      async read(maxBytes) {
        for (;;) {
          if (revoked.aborted) return [];
          const records = log.slice(position, maxBytes).map(lent);
          const last = records.at(-1);
          if (last !== undefined) {
            position = last.offset + 1;
            return records;
          }
          await log.changed(revoked);
        }
      },
      async append(topic, to, records) {
        check();
        return await append(topic, to, records, check);
      },
      async commit(offset, state) {
        check();
        // State first: a claim that is lost in between leaves totals without their commit, as a crash does.
        await around.state.put(state);
        check();
        committed.set(partition, Math.max(offset, committed.get(partition) ?? 0));
      },
    };
  };

  /** Runs a reader. Returning while it holds the partition is a failure like a throw: nobody would read it any more. */
  const hold = (seat: Seat, partition: number, log: MemoryPartition): Held => {
    const stop = new AbortController();
    const run = async () => {
      let fault: Fault;
      try {
        await seat.onClaim(claimOf(seat, partition, log, stop.signal));
        fault = new Fault("bug", `onClaim of partition ${partition} returned though it still holds it`);
      } catch (thrown) {
        fault = Fault.from(thrown);
      }
      if (stop.signal.aborted || !seats.delete(seat)) return;
      for (const held of seat.held) held.stop.abort();
      seat.onFailure(fault);
      void rebalance();
    };
    return { stop, ended: run() };
  };

  const release = async (seat: Seat) => {
    const { held } = seat;
    seat.held = [];
    for (const { stop } of held) stop.abort();
    await Promise.all(held.map(({ ended }) => ended));
  };

  /** Everybody gives up everything before anybody gets something: no partition ever has two owners. */
  const rebalance = () => {
    settling = settling.then(async () => {
      await Promise.all([...seats].map(release));
      generation += 1;
      const members = [...seats];
      for (const [partition, log] of around.partitions.entries()) {
        const seat = members[partition % Math.max(1, members.length)];
        if (seat !== undefined) seat.held.push(hold(seat, partition, log));
      }
    });
    return settling;
  };

  const leave = async (seat: Seat) => {
    const member = seats.delete(seat);
    await release(seat);
    if (member) await rebalance();
  };

  return {
    spec,
    position: () => around.partitions.map((_, partition) => ({ partition, ...startOf(partition) })),
    async join(append, onClaim, onFailure) {
      const seat: Seat = { append, onClaim, onFailure, held: [] };
      seats.add(seat);
      await rebalance();
      return { leave: () => leave(seat) };
    },
    async close() {
      const all = [...seats];
      seats.clear();
      await Promise.all(all.map(release));
      await settling;
    },
    crash() {
      for (const seat of seats) for (const { stop } of seat.held) stop.abort();
      seats.clear();
      settling = Promise.resolve();
    },
  };
}

/** A reader's own copy, spoilt when it is released: who reads it after that reads nonsense. */
function lent(record: LogRecord): LogRecord {
  const value = new Uint8Array(record.value);
  return { ...record, value, release: () => void value.fill(SPOILT) };
}

const SPOILT = 0xdb;
