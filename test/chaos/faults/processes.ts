/** Faults of processes: killed, told to end, frozen, and coming and going all the time. */
import { setTimeout as pause } from "node:timers/promises";
import { SIGNALS } from "@rondo/otlp";
import { between } from "../../rig/random.ts";
import type { Backend, Mood } from "../backend.ts";
import { breakSite } from "../breaks.ts";
import type { Attack, Broken, EmbeddedScene, FaultCase, KafkaScene, Named, Scene } from "../fault.ts";
import { PARTITIONS } from "../kafka-site.ts";
import { type Break, breakText, PROCESSES, type Victim } from "../plan.ts";
import { rewinds } from "./rewinds.ts";

/** Between two breaks of which the second is apart, milliseconds. */
const APART_MS = 14_000;
/** Longer than a session. */
const GONE_MS = 6_500;
/** Rondo's own promise of how long an orderly end takes, milliseconds. */
const DRAIN_MS = 10_000;
/** Backends misbehave from so long before a kill to so long after the restart. */
const AROUND_MS = 700;
/**
 * Enriched records that a kill of a worker may leave in the log twice, for readers to skip: replicas may still be taking what it had
 * on its way – one append a partition and signal – when its successor, started at once, looks for the end.
 */
const ON_ITS_WAY = PARTITIONS * SIGNALS.length;

const SINKS: readonly { readonly text: string; readonly mood: Mood | undefined }[] = [
  { text: "", mood: undefined },
  { text: "", mood: undefined },
  { text: ", backends slow", mood: { reply: "accepted", takes: "always", afterMs: 600 } },
  { text: ", backends refusing", mood: { reply: "later", takes: "not now" } },
];

/** Queues are full when it happens: backends are slow or refuse for a while before and after. */
function withSinks<S extends Scene>(random: () => number, attack: Attack<S>): Attack<S> {
  const { text, mood } = SINKS[between(random, 0, SINKS.length)] ?? { text: "", mood: undefined };
  if (mood === undefined) return attack;
  const treat = (scene: S, how: Parameters<Backend["treat"]>[0]) => {
    for (const backend of Object.values(scene.backends)) backend.treat(how);
  };
  return {
    ...attack,
    text: attack.text + text,
    async run(scene) {
      treat(scene, mood);
      await pause(AROUND_MS);
      const broken = await attack.run(scene);
      await pause(AROUND_MS);
      treat(scene, "moody");
      return broken;
    },
  };
}

const anyVictim = (random: () => number) => {
  const victim = (["gateway", "worker", "worker", "alerts"] as const)[between(random, 0, 4)] ?? "worker";
  return { victim, index: between(random, 0, PROCESSES[victim]) };
};

function killAny(random: () => number, round: number): Attack<KafkaScene> {
  const apart = round % 2 === 0;
  const victim = anyVictim(random);
  const how: Break =
    apart && random() < 0.3 ? { kind: "absence", ...victim, forMs: GONE_MS } : { kind: "restart", ...victim };
  const second = { ...anyVictim(random), afterMs: between(random, 0, 2_000) };
  const again = !apart && random() < 0.3 ? second : undefined;
  const workers = [how.victim, again?.victim].includes("worker");
  const plan = { break: how, again, flush: false };
  return withSinks(random, {
    text: breakText(how) + (again === undefined ? "" : `, then ${again.victim}-${again.index + 1}`),
    loadMs: apart ? 2_000 : between(random, 150, 1_200),
    ...(apart && { apartMs: APART_MS, victim: `${victim.victim}-${victim.index + 1}` }),
    mayRepeat: { enriched: workers ? ON_ITS_WAY : 0 },
    run: ({ site }) => breakSite(site, plan),
  });
}

/** When `rondo up` is killed: in the middle of the load, right after its last answer, or again while the restart is under way. */
type Moment = "under load" | "draining" | "starting";

function killUp(random: () => number, round: number): Attack<EmbeddedScene> {
  const chance = random();
  const moment: Moment = chance < 0.7 ? "under load" : chance < 0.85 ? "draining" : "starting";
  const [calmMs, secondMs] = [between(random, 0, 15), between(random, 0, 600)];
  return withSinks(random, {
    text: `killed ${moment}`,
    loadMs: between(random, 150, 1_200),
    ...(round % 2 === 0 && { apartMs: APART_MS }),
    async run({ rondo, load, unsettled }) {
      if (moment === "draining") {
        await load().stop();
        await pause(calmMs);
      }
      const [at, hit] = [performance.now(), load().unanswered > 0 || unsettled() > 0];
      await rondo.kill();
      rondo.launch();
      if (moment === "starting") {
        await pause(secondMs);
        await rondo.kill();
        rondo.launch();
      }
      const started = performance.now();
      await rondo.ready();
      return { at, until: performance.now(), readyMs: performance.now() - started, hit };
    },
  });
}

/** Told to end, in time, and started again. */
async function terminate({ name, process: victim }: Named): Promise<Broken> {
  const at = performance.now();
  const code = await victim.stop();
  const stopped = performance.now();
  victim.launch();
  await victim.ready();
  const until = performance.now();
  return {
    ...{ at, until, readyMs: until - stopped },
    problems: [
      ...(code === 0 ? [] : [`${name} ended with code ${code}`]),
      ...(stopped - at > DRAIN_MS ? [`${name} took ${Math.round(stopped - at)} ms to end`] : []),
    ],
  };
}

const named = ({ processes }: Scene, name: string): Named => {
  const found = processes.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

const terminated = (victim: Victim) => ({
  name: victim,
  draw(random: () => number): Attack<KafkaScene> {
    const name = `${victim}-${between(random, 0, PROCESSES[victim]) + 1}`;
    return { text: `${name} told to end`, calm: true, victim: name, run: (scene) => terminate(named(scene, name)) };
  },
});

/** Frozen and woken; a commit that goes back is a zombie's. */
function freeze(random: () => number, forMs: number): Attack<KafkaScene> {
  const name = `worker-${between(random, 0, PROCESSES.worker) + 1}`;
  return {
    text: `${name} frozen for ${forMs} ms`,
    victim: name,
    apartMs: 3_000,
    async run(scene) {
      const { pid } = named(scene, name).process;
      const at = performance.now();
      const problems = await rewinds(scene.site.kafka.direct, async (look) => {
        await look();
        process.kill(pid, "SIGSTOP");
        await pause(forMs);
        await look();
        process.kill(pid, "SIGCONT");
        await pause(500);
        await look();
        await pause(1_500);
      });
      return { at, until: performance.now() - 2_000, problems };
    },
  };
}

/** A member goes or comes every so often, killed or told to end. */
function storm(random: () => number, forMs: number, everyMs: number): Attack<KafkaScene> {
  const steps = Array.from({ length: Math.max(1, Math.floor(forMs / (2 * everyMs))) }, () => ({
    name: `worker-${between(random, 0, PROCESSES.worker) + 1}`,
    killed: random() < 0.5,
  }));
  const said = steps.slice(0, 4).map(({ name, killed }) => `${name} ${killed ? "killed" : "told to end"}`);
  return {
    text: `${said.join(", ")}${steps.length > 4 ? " …" : ""}, each back ${everyMs} ms later`,
    mayRepeat: { enriched: ON_ITS_WAY * steps.length },
    async run(scene) {
      const at = performance.now();
      const problems: string[] = [];
      for (const { name, killed } of steps) {
        // A machine that is busy makes fewer of them.
        if (performance.now() - at > forMs) break;
        const { process: victim } = named(scene, name);
        const from = performance.now();
        if (killed) await victim.kill();
        else if ((await victim.stop()) !== 0) problems.push(`${name} did not end in order`);
        await pause(Math.max(0, everyMs - (performance.now() - from)));
        victim.launch();
        await pause(everyMs);
        await victim.ready();
        problems.push(...progressProblems(scene, at));
      }
      return { at, until: performance.now(), problems };
    },
  };
}

const MINUTE = 60_000;

/** In every minute of a storm each partition gets on. */
function progressProblems({ stopOf, backends }: KafkaScene, since: number): readonly string[] {
  const now = performance.now();
  if (now - since < MINUTE) return [];
  return Object.keys(backends).flatMap((exporter) => {
    const ms = stopOf(exporter, now - MINUTE, now);
    return ms < MINUTE ? [] : [`a partition of ${exporter} got nothing for a minute`];
  });
}

/** kill -9. */
export const kill: FaultCase = {
  id: "F1",
  title: "kill -9 of any process",
  breaks:
    "a process at random, back at once or after its session; every second round close behind the last one, now and then a second process; backends slow or refusing in half of the rounds",
  heals: "started again",
  checks: "stops of its own partitions and of the others, measured",
  embedded: [{ name: "any moment", draw: killUp }],
  kafka3: [{ name: "any process", draw: killAny }],
};

/** SIGTERM. */
export const orderlyEnd: FaultCase = {
  id: "F2",
  title: "SIGTERM under load",
  breaks: "a process is told to end while requests come in",
  heals: "started again",
  checks: "code 0 within 10 s; nothing is delivered twice, so everything was committed",
  embedded: [
    {
      name: "rondo up",
      draw: () => ({
        text: "told to end",
        calm: true,
        run: ({ processes }) => terminate(processes[0] ?? unknownProcess()),
      }),
    },
  ],
  kafka3: [terminated("worker"), terminated("gateway"), terminated("alerts")],
};

function unknownProcess(): never {
  throw new Error("there is no process");
}

/** SIGSTOP. */
export const frozen: FaultCase = {
  id: "F3",
  title: "A frozen worker",
  breaks: "SIGSTOP of a worker, for less than its session, or until just after the others took over",
  heals: "SIGCONT",
  checks: "the woken one writes nothing into the log; no group's commit goes back",
  kafka3: [
    { name: "just past the session", draw: (random) => freeze(random, between(random, 6_100, 7_000)) },
    { name: "within the session", draw: (random) => freeze(random, between(random, 1_000, 5_000)) },
  ],
  long: { name: "90 s", draw: (random) => freeze(random, 90_000) },
};

/** Members come and go. */
export const rebalances: FaultCase = {
  id: "F15",
  title: "A storm of rebalances",
  breaks: "a worker is killed or told to end, and comes back, every 2 s; long: every 3 s for five minutes",
  heals: "everybody is back",
  checks: "long: each partition gets on in every minute",
  kafka3: [{ name: "workers", draw: (random) => storm(random, 8_000, 2_000) }],
  long: { name: "5 min", draw: (random) => storm(random, 300_000, 3_000) },
};
