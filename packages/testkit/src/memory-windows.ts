/** Windows in memory, for tests: the whole store interface, and ways to lose everything and to be away. */
import { Fault } from "@rondo/core";
import type { PartitionMark, SlotKey, WindowStore } from "@rondo/windows";

/** A WindowStore that a test may disturb. */
export interface MemoryWindows extends WindowStore {
  /** Loses everything, as FLUSHALL does. */
  flush(): void;
  /** Runs before every call: what it throws is the call's answer. */
  before: (() => Promise<void> | void) | undefined;
  /** Runs after a write was applied: what it throws is the answer, as when a reply is lost. */
  afterWrite: (() => void) | undefined;
  /** Bytes held of one partition. */
  bytes(partition: number): number;
}

/** Windows that hold nothing yet. */
export function memoryWindows(): MemoryWindows {
  const marks = new Map<number, PartitionMark>();
  const slots = new Map<string, { readonly key: SlotKey; bytes: Buffer }>();
  let beginnings = 0;
  const nameOf = ({ tenant, partition, slot }: SlotKey) => `${partition}/${slot}/${tenant}`;

  const store: MemoryWindows = {
    before: undefined,
    afterWrite: undefined,
    async write({ partition, from, to, watermark, warming, keeps, appends }) {
      await store.before?.();
      // Nothing waits from here on, so a write is applied as a whole.
      const mark = marks.get(partition);
      if (mark?.next !== from) return { applied: false, next: mark?.next };
      const epoch = mark?.epoch ?? String(++beginnings);
      marks.set(partition, { next: to, watermark, warming, keeps, epoch });
      for (const { block, ...key } of appends) {
        const held = slots.get(nameOf(key)) ?? { key, bytes: Buffer.of() };
        held.bytes = Buffer.concat([held.bytes, block]);
        slots.set(nameOf(key), held);
      }
      // What was applied stays applied, whatever its writer hears of it.
      store.afterWrite?.();
      return { applied: true };
    },
    async mark(partition) {
      await store.before?.();
      return marks.get(partition);
    },
    async slots(tenant, partition, from) {
      await store.before?.();
      return [...slots.values()]
        .filter(({ key }) => key.tenant === tenant && key.partition === partition && key.slot >= from)
        .map(({ key, bytes }) => ({ slot: key.slot, bytes: bytes.length }))
        .sort((a, b) => a.slot - b.slot);
    },
    async read(key, offset, maxBytes) {
      await store.before?.();
      return slots.get(nameOf(key))?.bytes.subarray(offset, offset + maxBytes) ?? new Uint8Array();
    },
    async expire(before) {
      for (const [name, { key }] of slots) if (key.slot + 60_000 <= before) slots.delete(name);
    },
    async close() {
      store.before = () => {
        throw new Fault("aborted", "the windows are closed");
      };
    },
    flush() {
      marks.clear();
      slots.clear();
    },
    bytes(partition) {
      return [...slots.values()].reduce(
        (sum, { key, bytes }) => sum + (key.partition === partition ? bytes.length : 0),
        0,
      );
    },
  };
  return store;
}
