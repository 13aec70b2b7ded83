/** Two replicas over seeded faults: whatever freezes, dies or is cut off, Alertmanager hears of the same episodes, to the slot. */
import type { StateStore } from "@rondo/broker";
import { type Clock, Fault } from "@rondo/core";
import { between, FakeClock, seededRandom } from "@rondo/testkit";
import { type Episode, type Notification as Heard, notificationProblems } from "@rondo/testkit/fleet";
import { type Leases, localLeases, type WindowReader } from "@rondo/windows";
import { expect, test } from "vitest";
import type { Notification } from "./alertmanager.ts";
import { evaluatorOptions, oneRule, TestWindows, testState } from "./alerts.cases.ts";
import { GroupRunner } from "./group-runner.ts";

const MINUTES = 60;
/** How long a question and an answer may each be on their way, milliseconds. */
const SLOW_MS = 900;
const GROUP = oneRule("up == 0", "for: 2m");

/** Everything that a process does to the outside goes through its gate: shut, it neither asks nor hears nor waits. */
class Gate {
  #shut: Promise<void> | undefined;
  #open: () => void = () => {};
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** As SIGSTOP, or for good as SIGKILL. */
  shut(): void {
    this.#shut ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
    this.#shut = undefined;
  }

  /** Asks, which takes a while each way, so that a fault may come between the question and the answer. */
  async through<T>(run: () => Promise<T>): Promise<T> {
    await this.#takesAWhile();
    await this.#shut;
    const result = await run();
    await this.#takesAWhile();
    await this.#shut;
    return result;
  }

  #takesAWhile(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(this.#random() * SLOW_MS, resolve));
  }

  /** A timer that falls due while it is shut runs when it is opened, late, as on a machine. */
  clock(inner: Clock): Clock {
    return {
      now: () => inner.now(),
      monotonic: () => inner.monotonic(),
      after: (ms, run) => {
        let cancelled = false;
        const cancel = inner.after(ms, async () => {
          await this.#shut;
          if (!cancelled) run();
        });
        return () => {
          cancelled = true;
          cancel();
        };
      },
    };
  }
}

/** What all processes of a run share. */
interface World {
  readonly clock: FakeClock;
  readonly windows: TestWindows;
  readonly state: StateStore;
  readonly leases: Leases;
  readonly heard: Heard[];
  /** Redis does not answer. */
  away: boolean;
}

/** Starts a replica; its Alertmanager is told at once, and judges each word as the real queue does right before it is sent. */
function startReplica(world: World, instance: string, random: () => number) {
  const { clock, windows, state, leases, heard } = world;
  const gate = new Gate(clock, random);
  const redis = <T>(run: () => Promise<T>) =>
    gate.through(async () => {
      if (world.away) throw new Fault("unavailable", "no answer");
      return run();
    });
  const send = async ({ resolved, standing, posted }: Notification) => {
    await gate.through(async () => {});
    if (!(await standing.speaks()) || (resolved && !(await standing.confirmsResolved()))) return;
    heard.push({
      ...{ at: clock.now(), labels: posted.labels },
      ...{ startsAt: Date.parse(posted.startsAt), endsAt: Date.parse(posted.endsAt) },
    });
  };
  const own = gate.clock(clock);
  const reader: WindowReader = {
    refresh: () => redis(() => windows.refresh()),
    select: (matchers) => windows.select(matchers),
    held: () => windows.held(),
  };
  const store: StateStore = {
    get: (key) => gate.through(() => state.get(key)),
    list: (prefix) => gate.through(() => state.list(prefix)),
    put: (writes) => gate.through(() => state.put(writes)),
    putFirst: (key, value) => gate.through(() => state.putFirst(key, value)),
  };
  const stop = new AbortController();
  const runner = new GroupRunner({
    ...evaluatorOptions(GROUP, clock),
    ...{ clock: own, windows: reader, state: store, tenant: "t", instance, random },
    leases: {
      ...leases,
      acquire: (name, holder, ttl) => redis(() => leases.acquire(name, holder, ttl)),
      renew: (name, holder, ttl) => redis(() => leases.renew(name, holder, ttl)),
      release: (name, holder) => redis(() => leases.release(name, holder)),
    },
    replicas: { shouldOwn: () => true },
    settled: async () => {},
    reachable: () => {},
    tell: (notifications) =>
      void notifications.reduce((before, one) => before.then(() => send(one)), Promise.resolve()),
  });
  void runner.run(stop.signal);
  return { gate, stop };
}

/** A fault begins at a second of the run and lasts for some; the kinds are those of the table. */
interface Trouble {
  readonly at: number;
  readonly seconds: number;
  readonly kind: "kill" | "freeze" | "cut" | "warm" | "lag" | "flush";
  readonly whose: 0 | 1;
}

/** Plays an hour in which the host is down as `down` says, minute by minute. */
async function play(down: readonly boolean[], troubles: readonly Trouble[], seed: number): Promise<readonly Heard[]> {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const world: World = {
    ...{ clock, windows: new TestWindows(clock), state: testState(clock), leases: localLeases(clock) },
    ...{ heard: [], away: false },
  };
  const replicas = [startReplica(world, "a", random), startReplica(world, "b", random)];
  const begin: Readonly<Record<Trouble["kind"], (whose: 0 | 1) => () => void>> = {
    kill: (whose) => {
      replicas[whose]?.gate.shut();
      return () => {
        replicas[whose] = startReplica(world, whose === 0 ? "a" : "b", random);
      };
    },
    freeze: (whose) => {
      const gate = replicas[whose]?.gate;
      gate?.shut();
      return () => gate?.open();
    },
    cut: () => {
      world.away = true;
      return () => {
        world.away = false;
      };
    },
    warm: () => {
      world.windows.warming = true;
      return () => {
        world.windows.warming = false;
      };
    },
    lag: () => {
      world.windows.lagMs = 20_000;
      return () => {
        world.windows.lagMs = 0;
      };
    },
    // Everything in Redis is gone at once: leases and windows.
    flush: () => {
      void world.leases.close();
      world.windows.warming = true;
      return () => {
        world.windows.warming = false;
      };
    },
  };
  const ends = new Map<number, (() => void)[]>();
  for (let second = 0; second < MINUTES * 60 + 50; second++) {
    for (const end of ends.get(second) ?? []) end();
    for (const { kind, whose, seconds } of troubles.filter(({ at }) => at === second)) {
      const end = begin[kind](whose);
      ends.set(second + seconds, [...(ends.get(second + seconds) ?? []), end]);
    }
    // A sample every 5 s, none of them at a slot: whether it came before the evaluation would be up to the test.
    if (second % 5 === 3) world.windows.set({ __name__: "up", host: "h" }, down[Math.floor(second / 60)] ? 0 : 1);
    await clock.advance(1_000);
  }
  for (const { stop, gate } of replicas) {
    stop.abort();
    gate.open();
  }
  await clock.advance(1_000);
  return world.heard;
}

/** What a run without faults told: the truth for the same run with them. */
function episodesOf(heard: readonly Heard[]): readonly Episode[] {
  const episodes = new Map<number, Episode>();
  for (const { labels, at, startsAt, endsAt } of heard) {
    episodes.set(startsAt, { labels, activeAt: startsAt, startsAt, ...(endsAt <= at && { endsAt }) });
  }
  return [...episodes.values()];
}

test.each(Array.from({ length: 24 }, (_, index) => index + 1))("seed %d", async (seed) => {
  const random = seededRandom(seed);
  const down: boolean[] = [];
  // Spells of five minutes at least: a shorter one could fall between what a fault leaves to be seen.
  for (let isDown = false; down.length < MINUTES; isDown = !isDown) {
    down.push(...Array<boolean>(Math.floor(between(random, 5, 12))).fill(isDown));
  }
  const kinds = ["kill", "freeze", "cut", "warm", "lag", "flush"] as const;
  const troubles = Array.from({ length: 14 }, (_, index): Trouble => {
    return {
      // Around a slot, where the most is going on.
      at: 180 + index * 240 + Math.floor(between(random, -12, 12)),
      // Shorter than an interval, so that no more than one evaluation is lost to it.
      seconds: Math.floor(between(random, 5, 40)),
      kind: kinds[Math.floor(between(random, 0, kinds.length))] ?? "kill",
      whose: random() < 0.5 ? 0 : 1,
    };
  });
  const truth = episodesOf(await play(down, [], seed));
  expect(truth.length).toBeGreaterThan(2);
  const heard = await play(down, troubles, seed);
  expect(notificationProblems(truth, heard, 0), JSON.stringify(troubles)).toEqual([]);
});
