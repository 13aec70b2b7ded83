/**
 * Says when a group has left a record unsettled for half as long as the log keeps it: time enough to find out why it stands still,
 * before retention removes what nobody has read. Of groups that no configuration runs any more, too, until their backlog is dropped.
 */
import { type Broker, type GroupSpec, retiredGroups } from "@rondo/broker";
import { type Clock, Fault, type Log, sleep } from "@rondo/core";

/** How often the log is looked at, milliseconds. */
export const LOOK_MS = 60_000;
/** The share of its retention at which an unsettled record is worth a warning. */
export const WARN_SHARE = 0.5;

/** What is watched. */
export interface RetentionWatchOptions {
  readonly broker: Pick<Broker, "groups" | "position" | "ranges" | "read" | "state">;
  readonly retentionMs: number;
  /** The key of the configuration that says how long records are kept. */
  readonly key: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The oldest record of a partition that a group has not settled. */
interface Oldest {
  readonly offset: number;
  readonly timestamp: number;
}

/** Looks until `stop` fires. A log that cannot be asked is asked again; whoever uses it has said so. */
export async function watchRetention(options: RetentionWatchOptions, stop: AbortSignal): Promise<void> {
  const { broker, clock, log } = options;
  const watch = new RetentionWatch(options);
  while (!stop.aborted) {
    await sleep(clock, LOOK_MS, stop);
    if (stop.aborted) return;
    try {
      const retired = await retiredGroups(broker.state);
      for (const spec of await broker.groups()) if (!retired.has(spec.group)) await watch.look(spec);
    } catch (thrown) {
      log.debug("how far groups are behind cannot be asked just now", { fault: Fault.from(thrown) });
    }
  }
}

class RetentionWatch {
  readonly #options: RetentionWatchOptions;
  /** By group and partition, so that a record is read once. */
  readonly #oldest = new Map<string, Oldest>();
  readonly #told = new Set<string>();

  constructor(options: RetentionWatchOptions) {
    this.#options = options;
  }

  async look({ group, topic }: GroupSpec): Promise<void> {
    const { broker, retentionMs, key, clock, log } = this.#options;
    const ranges = (await broker.ranges([topic])).get(topic) ?? [];
    let oldestAt = Number.POSITIVE_INFINITY;
    let place = "";
    for (const { partition, registered, committed } of await broker.position(group)) {
      const { low, high } = ranges[partition] ?? { low: 0, high: 0 };
      const at = await this.#oldestAt(group, topic, partition, Math.max(low, committed ?? registered), high);
      if (at < oldestAt)
        [oldestAt, place] = [at, `offset ${Math.max(low, committed ?? registered)} of ${topic}/${partition}`];
    }
    const ageMs = clock.now() - oldestAt;
    const isLate = ageMs >= retentionMs * WARN_SHARE;
    if (isLate && !this.#told.has(group)) {
      log.warn(
        `group ${group} has not settled ${place} for ${hours(ageMs)}; records are removed after ${hours(retentionMs)}, settled or not: see why it stands still, or raise ${key}`,
        { group, topic },
      );
    }
    if (!isLate && this.#told.has(group))
      log.info(`group ${group} is less than half a retention behind again`, { group, topic });
    if (isLate) this.#told.add(group);
    else this.#told.delete(group);
  }

  /** When the record at `offset` was appended; infinity when there is none. */
  async #oldestAt(group: string, topic: string, partition: number, offset: number, high: number): Promise<number> {
    const key = `${group}/${partition}`;
    if (offset >= high) {
      this.#oldest.delete(key);
      return Number.POSITIVE_INFINITY;
    }
    const known = this.#oldest.get(key);
    if (known?.offset === offset) return known.timestamp;
    const [record] = await this.#options.broker.read(topic, partition, offset, 1);
    if (record === undefined) return Number.POSITIVE_INFINITY;
    this.#oldest.set(key, { offset, timestamp: record.timestamp });
    return record.timestamp;
  }
}

const HOUR_MS = 3_600_000;

/** As a configuration would write it, in hours or, below one, in minutes. */
function hours(ms: number): string {
  return ms >= HOUR_MS ? `${Math.round(ms / HOUR_MS)}h` : `${Math.round(ms / 60_000)}m`;
}
