/** Faults of Kafka: a node gone, leaders elsewhere, answers lost, all of it down. */
import { setTimeout as pause } from "node:timers/promises";
import { Kafka as Client, logLevel } from "kafkajs";
import type { KAFKA_APIS } from "../../rig/kafka-replies.ts";
import { between } from "../../rig/random.ts";
import type { Attack, FaultCase, KafkaScene } from "../fault.ts";
import type { Site } from "../kafka-site.ts";

/** A worker that does not hear of its append, or of a leader's end, repeats it: readers skip what then stands there twice. */
const MAY_REPEAT = { enriched: Number.POSITIVE_INFINITY, raw: true };

function nodeRestarts(random: () => number): Attack<KafkaScene> {
  const [index, forMs] = [between(random, 0, 3), between(random, 300, 1_500)];
  return {
    text: `node ${index + 1} of Kafka killed and started after ${forMs} ms`,
    mayRepeat: MAY_REPEAT,
    async run({ site: { kafka } }) {
      const node = kafka.nodes[index];
      const at = performance.now();
      await node?.kill();
      await pause(forMs);
      await node?.start();
      const until = performance.now();
      await kafka.inSync();
      return { at, until };
    },
  };
}

/** Half of the partitions get other leaders: their old one loses its replica for a while, which takes no broker down. */
function leadersMove(random: () => number): Attack<KafkaScene> {
  const [turn, forMs] = [between(random, 0, 3), between(random, 1_000, 3_000)];
  return {
    text: `every partition that one node leads moved elsewhere, and replicas back after ${forMs} ms`,
    mayRepeat: MAY_REPEAT,
    async run({ site: { kafka } }) {
      const admin = new Client({ brokers: [...kafka.direct], clientId: "rig", logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      try {
        const { topics: all } = await admin.fetchTopicMetadata();
        const topics = all.filter(({ name }) => name.startsWith("otlp_"));
        // What was moved once stays with its new leader, so that some node may lead nothing by now.
        const leading = topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
        const ids = [...new Set(leading)].filter((one) => one > 0).sort();
        const id = ids[turn % ids.length];
        const led = topics
          .map(({ name: topic, partitions }) => ({
            topic,
            partitions: partitions.filter(({ leader }) => leader === id),
          }))
          .filter(({ partitions }) => partitions.length > 0);
        const assign = (to: (replicas: readonly number[]) => number[]) =>
          admin.alterPartitionReassignments({
            topics: led.map(({ topic, partitions }) => ({
              topic,
              partitionAssignment: partitions.map(({ partitionId, replicas }) => ({
                partition: partitionId,
                replicas: to(replicas),
              })),
            })),
          });
        const at = performance.now();
        await assign((replicas) => replicas.filter((replica) => replica !== id));
        await pause(forMs);
        await assign((replicas) => [...replicas]);
        const until = performance.now();
        await kafka.inSync();
        const moved = led.reduce((sum, { partitions }) => sum + partitions.length, 0);
        return { at, until, problems: moved > 0 ? [] : ["no node led anything: the round shows nothing"] };
      } finally {
        await admin.disconnect();
      }
    },
  };
}

/** Answers of one kind are lost for a while, a few of them or every one. */
const answersLost = (api: keyof typeof KAFKA_APIS, reset: boolean) => ({
  name: `${api} answers, ${reset ? "connections reset" : "connections stay"}`,
  draw(random: () => number): Attack<KafkaScene> {
    const [every, forMs] = [between(random, 1, 6), between(random, 1_500, 5_000)];
    return {
      text: `each ${every}. ${api} answer lost for ${forMs} ms, ${reset ? "connections reset" : "connections stay"}`,
      mayRepeat: MAY_REPEAT,
      async run({ site: { replies } }) {
        const [at, before] = [performance.now(), replies.lost];
        replies.lose({ api, every, reset });
        await pause(forMs);
        replies.lose();
        const problems = replies.lost > before ? [] : ["no answer was lost: the round shows nothing"];
        return { at, until: performance.now(), problems };
      },
    };
  },
});

const eachNode = (site: Site, act: (node: Site["kafka"]["nodes"][number]) => unknown) =>
  Promise.all(site.kafka.nodes.map(act));

/** All nodes are out of reach: killed, frozen, or behind proxies that refuse. */
const DOWN = {
  unreachable: {
    down: (site: Site) =>
      eachNode(site, ({ proxy }) => {
        proxy?.set({ refuse: true });
        proxy?.reset();
      }),
    up: (site: Site) => eachNode(site, ({ proxy }) => proxy?.set()),
  },
  frozen: {
    down: (site: Site) => eachNode(site, (node) => node.freeze()),
    up: (site: Site) => eachNode(site, (node) => node.thaw()),
  },
  killed: {
    down: (site: Site) => eachNode(site, (node) => node.kill()),
    up: (site: Site) => eachNode(site, (node) => node.start()),
  },
} as const;

const allDown = (how: keyof typeof DOWN, least: number, most: number) => ({
  name: how,
  draw(random: () => number): Attack<KafkaScene> {
    const forMs = between(random, least, most);
    return {
      text: `Kafka ${how} for ${forMs} ms`,
      mayRepeat: MAY_REPEAT,
      async run({ site }) {
        const at = performance.now();
        await DOWN[how].down(site);
        await pause(forMs);
        const until = performance.now();
        await DOWN[how].up(site);
        await site.kafka.inSync();
        return { at, until };
      },
    };
  },
});

/** A node goes, or leads no more. */
export const node: FaultCase = {
  id: "F4",
  title: "A node restarts, leaders move",
  breaks: "kill -9 of a node of Kafka; or a reassignment that moves all that it leads",
  heals: "started again, all replicas in sync; or assigned back",
  checks: "–",
  kafka3: [
    { name: "leaders moved", draw: leadersMove },
    { name: "node restarted", draw: nodeRestarts },
  ],
};

/** Done and never heard of. */
export const lostAnswers: FaultCase = {
  id: "F5",
  title: "Lost answers of Kafka",
  breaks:
    "the proxy loses each n-th answer to a produce or a commit request, by its frame, and keeps the connection or resets it",
  heals: "answers get through again",
  checks: "some answer was lost",
  kafka3: [
    answersLost("produce", false),
    answersLost("commit", false),
    answersLost("produce", true),
    answersLost("commit", true),
  ],
};

/** No broker at all. */
export const down: FaultCase = {
  id: "F6",
  title: "Kafka is down",
  breaks: "all three nodes are killed, frozen, or out of reach, for up to 6 s; long: ten minutes",
  heals: "started or woken, all replicas in sync",
  checks: "clients are told to come back and nothing else",
  kafka3: [
    allDown("unreachable", 2_000, 6_000),
    allDown("frozen", 2_000, 5_000),
    allDown("killed", 200, 1_500),
    allDown("unreachable", 200, 2_000),
    allDown("frozen", 500, 2_000),
  ],
  long: allDown("killed", 600_000, 600_001),
};
