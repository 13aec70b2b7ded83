/** Keeps a repeating event from filling the log: it is told at most once a period, with how often it was not told. */
import type { Clock } from "@rondo/core";

/** Keys that are remembered; the one told longest ago is forgotten first, and may then be told again early. */
export const MAX_KEYS = 1_000;

/**
 * Returns a function that calls `say` at most once every `ms` per key. `say` gets the number of calls that were passed
 * over for this key since it was last called.
 */
export function onceEvery(clock: Clock, ms: number): (key: string, say: (passedOver: number) => void) => void {
  const told = new Map<string, { at: number; passedOver: number }>();
  return (key, say) => {
    const now = clock.monotonic();
    const last = told.get(key);
    if (last !== undefined && now - last.at < ms) {
      last.passedOver++;
      return;
    }
    // Deleting first moves the key to the end of the Map's order, so that the oldest stays in front.
    told.delete(key);
    told.set(key, { at: now, passedOver: 0 });
    for (const oldest of told.size > MAX_KEYS ? told.keys() : []) {
      told.delete(oldest);
      break;
    }
    say(last?.passedOver ?? 0);
  };
}
