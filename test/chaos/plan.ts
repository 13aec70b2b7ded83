/** What a round over Kafka does to a deployment: decided by seed and number alone, so that any round can be had again. */
import { between, seededRandom } from "../rig/random.ts";

/** The kinds of process that are killed. */
export type Victim = "gateway" | "worker" | "alerts";

/** What is broken, and how it comes back. */
export type Break =
  /** kill -9, and started again at once. */
  | { readonly kind: "restart"; readonly victim: Victim; readonly index: number }
  /** kill -9, and started again when the others have long taken over. */
  | { readonly kind: "absence"; readonly victim: Victim; readonly index: number; readonly forMs: number }
  /** Stopped for longer than a session lasts, and woken. */
  | { readonly kind: "freeze"; readonly index: number; readonly forMs: number }
  /** One node of Kafka is gone for a while. */
  | { readonly kind: "broker"; readonly index: number; readonly forMs: number };

/** One round. */
export interface Plan {
  readonly break: Break;
  /** The round is calm before and after, so that its stops can be measured; otherwise it follows the last one at once. */
  readonly apart: boolean;
  /** Load before the break, milliseconds. */
  readonly loadMs: number;
  /** A second kill while everything is still being put together, and after how long. */
  readonly again: { readonly victim: Victim; readonly index: number; readonly afterMs: number } | undefined;
  /** Redis is flushed with the break. */
  readonly flush: boolean;
}

/** How many processes of each kind there are. */
export const PROCESSES: Readonly<Record<Victim, number>> = { gateway: 2, worker: 2, alerts: 2 };
const NODES = 3;
/** Longer than a session. */
const GONE_MS = 10_000;
/** One round in so many flushes Redis. */
const FLUSH_EVERY = 12;

/** The plan of a round; even rounds are apart. */
export function planOf(seed: number, round: number): Plan {
  const random = seededRandom(seed * 1_000_003 + round);
  const apart = round % 2 === 0;
  const loadMs = apart ? 2_500 : between(random, 150, 1_200);
  const flushed = seededRandom(seed * 31 + Math.floor(round / FLUSH_EVERY))() * FLUSH_EVERY;
  const base = { apart, loadMs, flush: round % FLUSH_EVERY === Math.floor(flushed) };
  if (apart) return { ...base, break: apartBreak(random), again: undefined };
  const victim = anyVictim(random);
  const second = { ...anyVictim(random), afterMs: between(random, 0, 3_000) };
  return { ...base, break: { kind: "restart", ...victim }, again: random() < 0.3 ? second : undefined };
}

function apartBreak(random: () => number): Break {
  const chance = random();
  const of = (victim: Victim) => ({ victim, index: between(random, 0, PROCESSES[victim]) });
  if (chance < 0.35) return { kind: "restart", ...of("worker") };
  if (chance < 0.55) return { kind: "absence", ...of("worker"), forMs: GONE_MS };
  if (chance < 0.67) return { kind: "restart", ...of("gateway") };
  if (chance < 0.74) return { kind: "restart", ...of("alerts") };
  if (chance < 0.8) return { kind: "absence", ...of("alerts"), forMs: GONE_MS };
  if (chance < 0.9) return { kind: "freeze", index: of("worker").index, forMs: between(random, 6_500, 9_500) };
  return { kind: "broker", index: between(random, 0, NODES), forMs: between(random, 8_000, 14_000) };
}

function anyVictim(random: () => number): { readonly victim: Victim; readonly index: number } {
  const victim = (["gateway", "worker", "alerts"] as const)[between(random, 0, 3)] ?? "worker";
  return { victim, index: between(random, 0, PROCESSES[victim]) };
}

/** How many breaks of an outage come to one that flushes Redis. */
const OUTAGE_FLUSH_EVERY = 10;

/** One break during an outage: any process, back at once or long after, and now and then a flushed Redis. */
export function outagePlan(seed: number, number: number): Plan {
  const random = seededRandom(seed * 3_000_017 + number);
  const victim = anyVictim(random);
  // A gateway is what the fleet knows: while one is away, half of the samples are late, whatever an alert worker does.
  const absent = victim.victim !== "gateway" && random() < 0.4;
  const how: Break = absent ? { kind: "absence", ...victim, forMs: GONE_MS } : { kind: "restart", ...victim };
  const flush = number % OUTAGE_FLUSH_EVERY === OUTAGE_FLUSH_EVERY / 2;
  return { break: how, apart: true, loadMs: 0, again: undefined, flush };
}

/** The break in words. */
export function breakText(of: Break): string {
  if (of.kind === "broker") return `node ${of.index + 1} of Kafka gone for ${of.forMs} ms`;
  if (of.kind === "freeze") return `worker-${of.index + 1} frozen for ${of.forMs} ms`;
  const name = `${of.victim}-${of.index + 1}`;
  return of.kind === "restart" ? `${name} killed and restarted` : `${name} killed and gone for ${of.forMs} ms`;
}
