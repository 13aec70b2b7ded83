/** What every window store must do, whatever it is made of. A store is one when it passes this suite unchanged. */
import { SLOT_MS, type WindowStore, type WindowWrite } from "@rondo/windows";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** One store to be tested. */
export interface WindowStoreUnderTest {
  readonly store: WindowStore;
  /** Ends the process that holds it and opens what it left behind. */
  restart(): Promise<WindowStore>;
  /** Loses everything, as FLUSHALL does or the removal of a folder, and opens what is there then. */
  lose(): Promise<WindowStore>;
  dispose(): Promise<void>;
}

const SLOT = Date.UTC(2026, 0, 1);
const progress = { watermark: SLOT + 5, warming: false, keeps: "these" };
const bytes = (text: string) => Buffer.from(text);

/** A write of one text a slot, `slots` counted from the first. */
function writeOf(
  partition: number,
  from: number | undefined,
  to: number,
  slots: Readonly<Record<number, string>> = {},
  tenant = "hospital",
): WindowWrite {
  const appends = Object.entries(slots).map(([slot, text]) => ({
    tenant,
    partition,
    slot: SLOT + Number(slot) * SLOT_MS,
    block: bytes(text),
  }));
  return { partition, from, to, ...progress, appends };
}

/** Declares the suite in the current test file. */
export function windowStoreContract(name: string, open: () => Promise<WindowStoreUnderTest>): void {
  describe(`${name} is a window store`, () => {
    let under: WindowStoreUnderTest;
    let store: WindowStore;

    beforeEach(async () => {
      under = await open();
      store = under.store;
    });
    afterEach(() => under.dispose());

    /** A slot's text, read `step` bytes at a time. */
    const textOf = async (slot: number, { tenant = "hospital", partition = 0, offset = 0, step = 1 << 20 } = {}) => {
      const parts: Uint8Array[] = [];
      const key = { tenant, partition, slot: SLOT + slot * SLOT_MS };
      for (let at = offset; ; ) {
        const part = await store.read(key, at, step);
        if (part.length === 0) return Buffer.concat(parts).toString();
        parts.push(part);
        at += part.length;
      }
    };
    const sizes = async (from = 0, tenant = "hospital", partition = 0) =>
      (await store.slots(tenant, partition, SLOT + from * SLOT_MS)).map(({ slot, bytes: length }) => [
        (slot - SLOT) / SLOT_MS,
        length,
      ]);

    // A writer takes that for a loss, and fills the partition from the log.
    test("nothing is known of a partition that was never begun", async () => {
      expect(await store.mark(3)).toBeUndefined();
      expect(await store.slots("hospital", 3, 0)).toEqual([]);
      expect(await store.read({ tenant: "hospital", partition: 3, slot: SLOT }, 0, 100)).toHaveLength(0);
    });

    // Readers tail slots: they come back to the place where they were, and are given what is new and nothing else.
    test("what was appended is read back from any place where a read ended, and the mark says how the partition stands", async () => {
      expect(await store.write(writeOf(0, undefined, 5, { 0: "ab", 1: "x" }))).toEqual({ applied: true });
      expect(await store.write(writeOf(0, 5, 9, { 1: "yz", 2: "q" }))).toEqual({ applied: true });
      expect(await store.mark(0)).toMatchObject({ next: 9, ...progress });
      expect(await sizes()).toEqual([
        [0, 2],
        [1, 3],
        [2, 1],
      ]);
      expect(await sizes(1)).toEqual([
        [1, 3],
        [2, 1],
      ]);
      expect(await textOf(1)).toBe("xyz");
      expect(await textOf(1, { step: 1 })).toBe("xyz");
      expect(await textOf(1, { offset: 1 })).toBe("yz");
      expect(await textOf(1, { offset: 3 })).toBe("");
      expect(await textOf(3)).toBe("");
    });

    // Blocks are binary, and longer than some stores like to give at once.
    test("bytes come back as they went in, whatever they are", async () => {
      const block = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
      await store.write({ ...writeOf(0, undefined, 1), appends: [{ tenant: "t", partition: 0, slot: SLOT, block }] });
      const read: Uint8Array[] = [];
      for (let at = 0; at < block.length; at += read.at(-1)?.length ?? 0) {
        read.push(await store.read({ tenant: "t", partition: 0, slot: SLOT }, at, 30_000));
        expect(read.at(-1)?.length).toBeGreaterThan(0);
      }
      expect(Buffer.concat(read).equals(block)).toBe(true);
    });

    // Two owners of one partition, one of which does not know yet that it is none: what it read is there already.
    test("a write that does not begin where the partition stands changes nothing and learns where that is", async () => {
      expect(await store.write(writeOf(0, 3, 5, { 0: "no" }))).toEqual({ applied: false, next: undefined });
      expect(await store.mark(0)).toBeUndefined();
      await store.write(writeOf(0, undefined, 5, { 0: "a" }));
      for (const from of [undefined, 4, 6]) {
        expect(await store.write(writeOf(0, from, 8, { 0: "no" }))).toEqual({ applied: false, next: 5 });
      }
      expect(await store.mark(0)).toMatchObject({ next: 5 });
      expect(await textOf(0)).toBe("a");
    });

    // Between asking where a partition stands and writing there, another writer may have been.
    test("of writes made at once from one place, one is applied", async () => {
      await store.write(writeOf(0, undefined, 0));
      const verdicts = await Promise.all(
        Array.from({ length: 10 }, (_, index) => store.write(writeOf(0, 0, index + 1, { 0: "a" }))),
      );
      expect(verdicts.filter(({ applied }) => applied)).toHaveLength(1);
      expect(await textOf(0)).toBe("a");
    });

    // Filling again must not take away from readers what they are evaluating from.
    test("a writer may go back, keeping what is there", async () => {
      await store.write(writeOf(0, undefined, 9, { 0: "a" }));
      const before = await store.mark(0);
      expect(await store.write({ ...writeOf(0, 9, 2), warming: true, keeps: "others" })).toEqual({ applied: true });
      expect(await store.mark(0)).toEqual({ ...before, next: 2, warming: true, keeps: "others" });
      expect(await textOf(0)).toBe("a");
    });

    // Tenants are whatever a configuration calls them.
    test("tenants and partitions do not see each other, whatever their names", async () => {
      const tenants = ["a", "a:0", "{a}", "next", "slots", "ä/ö", "a_3A0", "*"];
      let from: number | undefined;
      for (const [index, tenant] of tenants.entries()) {
        await store.write(writeOf(0, from, index, { 0: `0${index}` }, tenant));
        await store.write(writeOf(1, from, index, { 0: `1${index}` }, tenant));
        from = index;
      }
      for (const [index, tenant] of tenants.entries()) {
        expect(await textOf(0, { tenant, partition: 0 })).toBe(`0${index}`);
        expect(await textOf(0, { tenant, partition: 1 })).toBe(`1${index}`);
        expect(await sizes(0, tenant, 1)).toEqual([[0, 2]]);
      }
      expect(await sizes(0, "a", 10)).toEqual([]);
    });

    // A deployment restarts every worker, and must not make every alert wait for windows to be filled.
    test("everything is there after a restart of the process that wrote it", async () => {
      await store.write(writeOf(0, undefined, 5, { 0: "a" }));
      const before = await store.mark(0);
      store = await under.restart();
      expect(await store.mark(0)).toEqual(before);
      await store.write(writeOf(0, 5, 6, { 0: "b" }));
      expect(await textOf(0)).toBe("ab");
      expect(await store.mark(0)).toMatchObject({ next: 6, epoch: before?.epoch });
    });

    // A reader that was half-way through a slot must not go on in the middle of another one that only has the same name.
    test("after a loss a partition begins anew, under another epoch", async () => {
      await store.write(writeOf(0, undefined, 5, { 0: "a" }));
      const before = await store.mark(0);
      store = await under.lose();
      expect(await store.mark(0)).toBeUndefined();
      expect(await store.write(writeOf(0, 5, 6, { 0: "b" }))).toEqual({ applied: false, next: undefined });
      expect(await store.write(writeOf(0, undefined, 2, { 0: "c" }))).toEqual({ applied: true });
      expect((await store.mark(0))?.epoch).not.toBe(before?.epoch);
      expect(await textOf(0)).toBe("c");
    });

    // Whoever still works with it is told to stop, and does not try for ever.
    test("after close everything fails", async () => {
      await store.close();
      await expect(store.write(writeOf(0, undefined, 5))).rejects.toMatchObject({ code: "aborted" });
      await expect(store.mark(0)).rejects.toMatchObject({ code: "aborted" });
    });
  });
}
