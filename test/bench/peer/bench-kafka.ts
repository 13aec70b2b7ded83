/** The Kafka node that both arms of a topology use one after the other: each finds it without topics and without groups. */
import { setTimeout as pause } from "node:timers/promises";
import { type Admin, Kafka as Client, logLevel } from "kafkajs";
import { startKafka } from "../../rig/servers/index.ts";

const EMPTY_MS = 30_000;

/** A node for a whole bench. */
export interface BenchKafka {
  readonly brokers: readonly string[];
  readonly pid: number;
  /** Creates topics with one replica and waits until they have leaders. */
  createTopics(topics: readonly string[], partitions: number): Promise<void>;
  /** Whether the group has members and each has its partitions. */
  isStable(group: string): Promise<boolean>;
  /** Removes every topic and every group. Throws when a group keeps its members for half a minute. */
  empty(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** Starts the node where this process runs: on the core of load and sink. */
export async function startBenchKafka(): Promise<BenchKafka> {
  // Deleted segments stay a minute by default, and a bench writes a gigabyte an arm.
  const kafka = await startKafka({ heapMib: 768, optimised: true, config: { "log.segment.delete.delay.ms": 1000 } });
  const brokers = [...kafka.brokers];
  // Connected only while it is asked: an idle connection of kafkajs wakes up a thousand times a second.
  const ask = async <T>(question: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = new Client({ brokers, clientId: "bench", logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return await question(admin);
    } finally {
      await admin.disconnect();
    }
  };
  return {
    brokers,
    get pid() {
      return kafka.nodes[0]?.pid ?? 0;
    },
    async createTopics(names, numPartitions) {
      const topics = names.map((topic) => ({ topic, numPartitions, replicationFactor: 1 }));
      await ask((admin) => admin.createTopics({ waitForLeaders: true, topics }));
    },
    async isStable(group) {
      const { groups } = await ask((admin) => admin.describeGroups([group]));
      return groups.every(({ state, members }) => state === "Stable" && members.length > 0);
    },
    empty: () => ask(removeAll),
    close: () => kafka.close(),
  };
}

async function removeAll(admin: Admin): Promise<void> {
  const deadline = performance.now() + EMPTY_MS;
  for (;;) {
    // A member that was not asked to leave keeps its group until its session ends.
    const { groups } = await admin.listGroups();
    const removed = await admin.deleteGroups(groups.map(({ groupId }) => groupId)).then(
      () => true,
      () => false,
    );
    if (removed) break;
    if (performance.now() > deadline) throw new Error(`groups still have members: ${JSON.stringify(groups)}`);
    await pause(200);
  }
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith("__"));
  if (topics.length > 0) await admin.deleteTopics({ topics });
}
