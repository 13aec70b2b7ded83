/** When groups are evaluated: at the same moments in every process, spread over the interval by a hash of who they are. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { RuleGroup } from "./rule-group.ts";

/** The moments `offsetMs + k · intervalMs` of one group, milliseconds since the epoch. */
export interface Slots {
  readonly intervalMs: number;
  /** From 0 up to, without, the interval. */
  readonly offsetMs: number;
}

/** The slots of a tenant's group; `defaultMs` is the interval of groups that name none. Only the file's last part counts, so that replicas with other folders agree. */
export function slotsOf(tenant: string, group: RuleGroup, defaultMs: number): Slots {
  const intervalMs = group.intervalMs ?? defaultMs;
  const hash = createHash("sha256")
    .update(JSON.stringify([tenant, group.name, basename(group.file)]))
    .digest();
  return { intervalMs, offsetMs: Number(hash.readBigUInt64BE() % BigInt(Math.max(1, Math.floor(intervalMs)))) };
}

/** The last slot that is not later than `at`. */
export function slotAt({ intervalMs, offsetMs }: Slots, at: number): number {
  return Math.floor((at - offsetMs) / intervalMs) * intervalMs + offsetMs;
}

/** Slots later than `after`, up to and including `until`: how many evaluations that is. */
export function slotsBetween(slots: Slots, after: number, until: number): number {
  return Math.max(0, Math.round((slotAt(slots, until) - slotAt(slots, after)) / slots.intervalMs));
}

/** The slot to evaluate next, and how many are left out because they are too old by now. */
export interface NextSlot {
  readonly slot: number;
  readonly missed: number;
}

/** How far apart the clocks of replicas may be, milliseconds. What lies farther ahead is of a clock that was wrong. */
const CLOCKS_APART_MS = 60_000;

/** Whether a slot lies so far ahead that the clock was set back since it was the next one. */
export function isBeyond({ intervalMs }: Slots, slot: number, now: number): boolean {
  return slot > now + intervalMs + CLOCKS_APART_MS;
}

/**
 * After the evaluation at `last` comes the next slot, unless it is more than an interval and `patienceMs` ago: then those
 * older than that are left out. Without a `last`, or with one that a clock made which was wrong, it is the first slot after `now`.
 */
export function nextSlot(slots: Slots, last: number | undefined, now: number, patienceMs: number): NextSlot {
  const first = { slot: slotAt(slots, now) + slots.intervalMs, missed: 0 };
  if (last === undefined) return first;
  const next = slotAt(slots, last) + slots.intervalMs;
  if (isBeyond(slots, next, now)) return first;
  const oldest = now - slots.intervalMs - patienceMs;
  if (next >= oldest) return { slot: next, missed: 0 };
  const slot = slotAt(slots, oldest) + slots.intervalMs;
  return { slot, missed: slotsBetween(slots, last, slot) - 1 };
}
