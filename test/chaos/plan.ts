/** What is done to the processes of a deployment, and the breaks of an outage, which seed and number decide alone. */
import { between, seededRandom } from "../rig/random.ts";

/** The kinds of process that are killed. */
export type Victim = "gateway" | "worker" | "alerts";

/** What is broken, and how it comes back. */
export type Break =
  /** kill -9, and started again at once. */
  | { readonly kind: "restart"; readonly victim: Victim; readonly index: number }
  /** kill -9, and started again when the others have long taken over. */
  | { readonly kind: "absence"; readonly victim: Victim; readonly index: number; readonly forMs: number };

/** One break. */
export interface Plan {
  readonly break: Break;
  /** A second kill while everything is still being put together, and after how long. */
  readonly again: { readonly victim: Victim; readonly index: number; readonly afterMs: number } | undefined;
  /** Redis is flushed with the break. */
  readonly flush: boolean;
}

/** How many processes of each kind there are. */
export const PROCESSES: Readonly<Record<Victim, number>> = { gateway: 2, worker: 2, alerts: 2 };
/** Longer than a session. */
const GONE_MS = 10_000;

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
  return { break: how, again: undefined, flush };
}

/** The break in words. */
export function breakText(of: Break): string {
  const name = `${of.victim}-${of.index + 1}`;
  return of.kind === "restart" ? `${name} killed and restarted` : `${name} killed and gone for ${of.forMs} ms`;
}
