/** What was found out lately: a bounded map whose entries expire, the oldest first. */
import type { Clock } from "@rondo/core";

/** A memory of answers. */
export interface Remembered<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  clear(): void;
}

/** Makes a memory of at most `max` entries, each for `ttlMs` from when it was set. */
export function remembered<V>(
  clock: Clock,
  { ttlMs, max }: { readonly ttlMs: number; readonly max: number },
): Remembered<V> {
  // In the order of their setting, which is that of their end.
  const entries = new Map<string, { readonly value: V; readonly until: number }>();
  return {
    get(key) {
      const found = entries.get(key);
      if (found === undefined || found.until > clock.monotonic()) return found?.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, { value, until: clock.monotonic() + ttlMs });
      const [oldest] = entries.keys();
      if (entries.size > max && oldest !== undefined) entries.delete(oldest);
    },
    clear: () => entries.clear(),
  };
}
