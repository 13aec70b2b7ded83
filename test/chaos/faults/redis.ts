/** Faults of Redis, which holds nothing that may not be lost. */
import { setTimeout as pause } from "node:timers/promises";
import { between } from "../../rig/random.ts";
import type { Attack, FaultCase, KafkaScene } from "../fault.ts";
import type { Site } from "../kafka-site.ts";

/** Breaks it at once; answers how it heals, which takes as long as it does. */
type How = (site: Site, forMs: number) => Promise<() => Promise<unknown>>;

const HOW: Readonly<Record<string, How>> = {
  killed: async ({ redis }) => {
    await redis.kill();
    return () => redis.start();
  },
  flushed: async ({ redis }) => {
    await redis.command("FLUSHALL");
    return () => Promise.resolve();
  },
  asleep: async ({ redis }, forMs) => {
    // It answers when it wakes, which the one who asks does not wait for.
    const slept = redis.command("DEBUG", "SLEEP", String(forMs / 1_000)).catch(() => undefined);
    return () => slept;
  },
  "out of memory": async ({ redis }) => {
    await redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    return () => redis.command("CONFIG", "SET", "maxmemory", "0");
  },
};

const redisIs = (how: string, least: number, most: number) => ({
  name: how,
  draw(random: () => number): Attack<KafkaScene> {
    const forMs = between(random, least, most);
    return {
      text: `Redis ${how}${how === "flushed" ? "" : ` for ${forMs} ms`}`,
      loadMs: 3_000,
      async run({ site }) {
        const at = performance.now();
        const heal = await HOW[how]?.(site, forMs);
        await pause(forMs);
        await heal?.();
        return { at, until: performance.now() };
      },
    };
  },
});

/** Redis is gone, empty, deaf or full. */
export const redis: FaultCase = {
  id: "F7",
  title: "Redis dies, forgets, sleeps or is full",
  breaks: "kill -9; FLUSHALL; DEBUG SLEEP; maxmemory of one byte",
  heals: "started again, empty; awake; as much memory as before",
  checks: "what fires goes on firing, nothing resolves, nothing else fires",
  kafka3: Object.keys(HOW).map((how) => redisIs(how, 500, 5_000)),
  long: redisIs("asleep", 30_000, 30_001),
};
