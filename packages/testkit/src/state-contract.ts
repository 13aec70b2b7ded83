/** What every `rondo.state` must do, whatever it is kept in. */
import type { StateStore } from "@rondo/broker";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** One state store to be tested. */
export interface StateUnderTest {
  readonly state: StateStore;
  /** Ends the process that holds it and opens what it left behind. */
  restart(): Promise<StateStore>;
  dispose(): Promise<void>;
}

/** How the suite gets a store; `prefix` of keys keeps tests apart that share one. */
export interface StateFactory {
  readonly prefix: string;
  open(): Promise<StateUnderTest>;
}

const bytes = (text: string) => Buffer.from(text);
const textOf = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString());

/** Declares the suite in the current test file. */
export function stateContract(name: string, factory: StateFactory): void {
  describe(`${name} is a state store`, () => {
    let under: StateUnderTest;
    let state: StateStore;
    let at: string;
    let tests = 0;

    beforeEach(async () => {
      under = await factory.open();
      state = under.state;
      at = `${factory.prefix}${++tests}`;
    });
    afterEach(() => under.dispose());

    // An acknowledgement or a commit follows right after, and the process may end between the two.
    test("a value is there when its put resolves, and after a restart", async () => {
      expect(await state.get(`${at}/a`)).toBeUndefined();
      await state.put([{ key: `${at}/a`, value: bytes("one") }]);
      expect(textOf(await state.get(`${at}/a`))).toBe("one");
      state = await under.restart();
      expect(textOf(await state.get(`${at}/a`))).toBe("one");
    });

    // The last write of a key wins in one transaction and in a compacted topic alike, if both keep the order.
    test("writes of one put happen in order; null forgets", async () => {
      await state.put([
        { key: `${at}/a`, value: bytes("one") },
        { key: `${at}/b`, value: bytes("two") },
        { key: `${at}/a`, value: bytes("three") },
        { key: `${at}/b`, value: null },
      ]);
      expect(textOf(await state.get(`${at}/a`))).toBe("three");
      expect(await state.get(`${at}/b`)).toBeUndefined();
      await state.put([{ key: `${at}/missing`, value: null }]);
    });

    // The names are among those that UTF-16 and UTF-8 sort differently, and two that only begin like the prefix.
    test("list gives every key of a prefix, in byte order, and no other", async () => {
      const keys = [`${at}/é`, `${at}/a`, `${at}/a/b`, `${at}/Z`, `${at}/\u{1F600}`, `${at}/ﬀ`];
      await state.put([...keys, `${at}0`, `${at}`].map((key) => ({ key, value: bytes(key) })));
      const listed = await state.list(`${at}/`);
      expect(listed.map(([key]) => key)).toEqual(
        [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
      for (const [key, value] of listed) expect(textOf(value)).toBe(key);
    });

    // How roles that start together agree on a group's first offset without talking (rules of the log 7).
    test("the first writer of a key wins, over any number that try at once and after a restart", async () => {
      const tries = await Promise.all(["a", "b", "c"].map((one) => state.putFirst(`${at}/first`, bytes(one))));
      expect(new Set(tries.map(textOf)).size).toBe(1);
      const [winner] = tries;
      state = await under.restart();
      expect(textOf(await state.putFirst(`${at}/first`, bytes("late")))).toBe(textOf(winner));
      expect(textOf(await state.get(`${at}/first`))).toBe(textOf(winner));
    });

    test("values are opaque: empty ones, large ones, every byte", async () => {
      const every = Uint8Array.from({ length: 256 }, (_, index) => index);
      const large = Buffer.alloc(1 << 20, 3);
      await state.put([
        { key: `${at}/empty`, value: new Uint8Array() },
        { key: `${at}/every`, value: every },
        { key: `${at}/large`, value: large },
      ]);
      expect((await state.get(`${at}/empty`))?.length).toBe(0);
      expect(Buffer.compare(every, (await state.get(`${at}/every`)) ?? Buffer.of())).toBe(0);
      expect(Buffer.compare(large, (await state.get(`${at}/large`)) ?? Buffer.of())).toBe(0);
    });

    // A store may hand out views of memory that it uses again.
    test("what was read is the reader's own: later writes and the caller's changes do not touch each other", async () => {
      const written = bytes("one");
      await state.put([{ key: `${at}/own`, value: written }]);
      const read = await state.get(`${at}/own`);
      read?.fill(0);
      written.fill(0);
      await state.put([{ key: `${at}/other`, value: bytes("x") }]);
      expect(textOf(await state.get(`${at}/own`))).toBe("one");
    });

    test("keys of 512 bytes are taken, longer ones refused", async () => {
      const key = `${at}/`.padEnd(512, "k");
      await state.put([{ key, value: bytes("long") }]);
      expect(textOf(await state.get(key))).toBe("long");
      await expect(state.put([{ key: `${key}k`, value: bytes("longer") }])).rejects.toThrow(/513/);
    });
  });
}
