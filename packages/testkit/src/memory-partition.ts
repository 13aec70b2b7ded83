/** One partition of the log in memory: ordered appends, reads from an offset, and a signal when something arrived. */
import { type Appended, type LogRecord, type NewRecord, type Watermarks, wholeValue } from "@rondo/broker";
import type { Clock } from "@rondo/core";

/** Runs before an append becomes visible: while its promise is open the append is held, when it rejects the append fails. */
export type BeforeAppend = (topic: string, partition: number, records: readonly NewRecord[]) => Promise<void> | void;

/** What a partition of a test log can do. */
export interface MemoryPartition {
  /** Appends in the order of the calls. `check` throws when the caller may no longer write. */
  append(records: readonly NewRecord[], check: () => void): Promise<Appended>;
  /** Records from `offset` (moved up to the low watermark), at least one if there is one, up to `maxBytes` of values. */
  slice(offset: number, maxBytes: number): readonly LogRecord[];
  watermarks(): Watermarks;
  /** Forgets everything below `low`, as retention does. */
  trim(low: number): void;
  /** Resolves at the next append or when `until` fires. */
  changed(until: AbortSignal): Promise<void>;
}

/** An empty partition. */
export function memoryPartition(
  topic: string,
  partition: number,
  clock: Clock,
  before: () => BeforeAppend | undefined,
): MemoryPartition {
  let low = 0;
  let records: LogRecord[] = [];
  /** The append before the next one: an append that is held holds those behind it, so that order is kept. */
  let tail: Promise<unknown> = Promise.resolve();
  const waiting = new Set<() => void>();
  const high = () => low + records.length;

  const write = async (added: readonly NewRecord[], check: () => void): Promise<Appended> => {
    await before()?.(topic, partition, added);
    check();
    const baseOffset = high();
    const timestamp = clock.now();
    for (const { headers, value } of added) {
      // Copied, so that a test notices a caller that reuses its buffer too early.
      records.push({ headers: { ...headers }, value: new Uint8Array(wholeValue(value)), offset: high(), timestamp });
    }
    for (const wake of [...waiting]) wake();
    return { baseOffset, timestamp, returned: true };
  };

  return {
    append(added, check) {
      const done = tail.then(() => write(added, check));
      tail = done.catch(() => undefined);
      return done;
    },
    slice(offset, maxBytes) {
      const taken: LogRecord[] = [];
      let bytes = 0;
      for (const record of records.slice(Math.max(0, offset - low))) {
        bytes += record.value.length;
        if (taken.length > 0 && bytes > maxBytes) break;
        taken.push(record);
      }
      return taken;
    },
    watermarks: () => ({ low, high: high() }),
    trim(to) {
      const cut = Math.min(Math.max(to, low), high());
      records = records.slice(cut - low);
      low = cut;
    },
    changed(until) {
      return new Promise((resolve) => {
        if (until.aborted) return resolve();
        const wake = () => {
          waiting.delete(wake);
          until.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        until.addEventListener("abort", wake, { once: true });
      });
    },
  };
}
