/** Faults of the network: whoever is cut off from Kafka or Redis, in both directions or in one. */
import { setTimeout as pause } from "node:timers/promises";
import { connectionsOf } from "../../rig/process-state.ts";
import { between } from "../../rig/random.ts";
import type { TcpProxy } from "../../rig/tcp-proxy.ts";
import type { Attack, FaultCase, KafkaScene } from "../fault.ts";
import type { Site } from "../kafka-site.ts";
import { PROCESSES, type Victim } from "../plan.ts";

/** How old what is known of a process's connections may be, milliseconds. */
const KNOWN_MS = 5;

/** Whether a port is one of a process's connections. */
function portsOf(pid: number): (port: number) => boolean {
  let [known, at] = [new Set<number>(), Number.NEGATIVE_INFINITY];
  return (port) => {
    if (known.has(port)) return true;
    if (performance.now() - at > KNOWN_MS) {
      known = new Set(connectionsOf(pid).map(({ local }) => local));
      at = performance.now();
    }
    return known.has(port);
  };
}

type Way = "requests" | "replies" | "both";

const ROADS: Readonly<Record<"Kafka" | "Redis", (site: Site) => readonly TcpProxy[]>> = {
  Kafka: ({ kafka }) => kafka.nodes.flatMap(({ proxy }) => (proxy === undefined ? [] : [proxy])),
  Redis: ({ redisRoad }) => [redisRoad],
};
const WORDS: Readonly<Record<Way, string>> = {
  both: "cut off",
  requests: "cut off on the way there",
  replies: "cut off on the way back",
};

const cut = (victim: Victim, from: keyof typeof ROADS, way: Way) => ({
  name: `${victim} and ${from}, ${way}`,
  draw(random: () => number): Attack<KafkaScene> {
    const [index, forMs] = [between(random, 0, PROCESSES[victim]), between(random, 1_500, 6_000)];
    const name = `${victim}-${index + 1}`;
    return {
      text: `${name} ${WORDS[way]} from ${from} for ${forMs} ms`,
      victim: name,
      ...(from === "Kafka" && { mayRepeat: { enriched: Number.POSITIVE_INFINITY, raw: true } }),
      async run({ site, processes }) {
        const pid = processes.find((one) => one.name === name)?.process.pid ?? 0;
        const isIts = portsOf(pid);
        const roads = ROADS[from](site);
        const at = performance.now();
        for (const road of roads) road.set({ blackhole: way, only: isIts });
        await pause(forMs);
        for (const road of roads) {
          road.set();
          // TCP loses no bytes: a connection of which some were swallowed cannot go on.
          road.reset(isIts);
        }
        return { at, until: performance.now() };
      },
    };
  },
});

/** Partitions of the network. */
export const partitions: FaultCase = {
  id: "F13",
  title: "A partition of the network",
  breaks: "nothing gets through between one process and Kafka or Redis, in both directions or in one",
  heals: "everything gets through; connections that lost bytes are reset",
  checks: "–",
  kafka3: [
    cut("gateway", "Kafka", "both"),
    cut("worker", "Redis", "both"),
    cut("worker", "Kafka", "both"),
    cut("gateway", "Kafka", "replies"),
    cut("worker", "Redis", "replies"),
    cut("worker", "Kafka", "replies"),
    cut("gateway", "Kafka", "requests"),
    cut("alerts", "Redis", "both"),
    cut("worker", "Kafka", "requests"),
  ],
};
