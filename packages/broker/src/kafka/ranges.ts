/**
 * The ranges of all partitions of some topics at once: two questions to every broker, whatever number of partitions it leads,
 * where asking for each partition would be hundreds with every look at the lag.
 */
import { type Clock, Fault } from "@rondo/core";
import type { Watermarks } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import type { Address } from "./exchange.ts";
import { persist } from "./persist.ts";

/** How long the questions are repeated while the cluster sorts itself out, milliseconds. */
const RANGES_MS = 8_000;

const EARLIEST = -2;
const LATEST = -1;

/** What is asked of one broker: partitions by topic. */
interface Share {
  readonly leader: Address;
  readonly topics: Map<string, number[]>;
}

/** By topic, then partition. Throws `not_found` for a topic that is not there, `unavailable`. */
export async function askRanges(
  cluster: Cluster,
  clock: Clock,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly Watermarks[]>> {
  const onFailure = () => {
    for (const topic of topics) cluster.topology.forget(topic);
  };
  const how = { clock, doing: `looking up offsets of ${topics.join(", ")}`, deadlineMs: RANGES_MS, onFailure };
  return await persist(how, () => askOnce(cluster, topics));
}

async function askOnce(
  cluster: Cluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly Watermarks[]>> {
  const shares = new Map<string, Share>();
  const ranges = new Map<string, Watermarks[]>();
  for (const topic of topics) {
    const leaders = await cluster.topology.leaders(topic);
    if (leaders === undefined) throw new Fault("not_found", `there is no topic ${topic}`);
    ranges.set(topic, []);
    for (let partition = 0; partition < leaders.size; partition++) {
      const leader = await cluster.topology.leader(topic, partition);
      const key = `${leader.host}:${leader.port}`;
      const share = shares.get(key) ?? { leader, topics: new Map<string, number[]>() };
      share.topics.set(topic, [...(share.topics.get(topic) ?? []), partition]);
      shares.set(key, share);
    }
  }
  await Promise.all(
    [...shares.values()].map(async (share) => {
      const [lows, highs] = await Promise.all([ask(cluster, share, EARLIEST), ask(cluster, share, LATEST)]);
      for (const [topic, found] of lows) {
        for (const [partition, low] of found) {
          const high = highs.get(topic)?.get(partition);
          const all = ranges.get(topic);
          if (high !== undefined && all !== undefined) all[partition] = { low, high };
        }
      }
    }),
  );
  return ranges;
}

/** One broker's offsets at a time, −2 the earliest and −1 the end. */
async function ask(
  cluster: Cluster,
  { leader, topics }: Share,
  timestamp: number,
): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
  const request = {
    replicaId: -1,
    isolationLevel: 0,
    topics: [...topics].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map((partition) => ({ partition, timestamp })),
    })),
  } as const;
  const { responses } = await cluster.with(cluster.questions, leader, (node) => node.listOffsets(request));
  return new Map(
    responses.map(({ topic, partitions }) => [
      topic,
      new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)])),
    ]),
  );
}
