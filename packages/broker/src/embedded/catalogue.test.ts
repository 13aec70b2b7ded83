import { expect, test } from "vitest";
import { Catalogue } from "./catalogue.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { openStore } from "./store.ts";

async function rig() {
  const directory = await temporaryDirectory();
  let store = openStore({ directory, readOnly: false });
  return {
    catalogue: new Catalogue(store),
    store: () => store,
    async reopen() {
      await store.close();
      store = openStore({ directory, readOnly: false });
      return new Catalogue(store);
    },
  };
}
const nothing = () => undefined;

test("every partition of every topic has a stream of its own, for ever", async () => {
  const { catalogue, reopen, store } = await rig();
  await Promise.all([catalogue.ensureTopic("a", 3, 4), catalogue.ensureTopic("b", undefined, 4)]);
  await catalogue.ensureTopic("c", 1, 4);
  const streams = (from: Catalogue) =>
    ["a", "b", "c"].flatMap((name) =>
      Array.from({ length: from.topic(name).partitions }, (_, index) => from.stream(name, index)),
    );
  expect([...streams(catalogue)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  const before = streams(catalogue);
  const again = await reopen();
  expect(streams(again)).toEqual(before);
  expect([catalogue.isFresh("a"), again.isFresh("a")]).toEqual([true, false]);
  expect(() => again.stream("a", 3)).toThrow(/no partition 3/);
  expect(() => again.stream("a", -1)).toThrow(/no partition/);
  await store().close();
});

test("names and numbers that cannot be are refused with what can", async () => {
  const { catalogue, store } = await rig();
  await expect(catalogue.ensureTopic("a/b", 1, 4)).rejects.toMatchObject({ code: "config" });
  await expect(catalogue.ensureTopic("a".repeat(250), 1, 4)).rejects.toMatchObject({ code: "config" });
  await expect(catalogue.ensureTopic("a", 70_000, 4)).rejects.toMatchObject({ code: "config" });
  await catalogue.ensureTopic("a", 2, 4);
  await expect(catalogue.ensureTopic("a", 3, 4)).rejects.toThrow(/has 2 partitions, not 3; ask for 2/);
  await store().close();
});

test("a commit and its state are one, only move forward, and can be withdrawn in the last moment", async () => {
  const { catalogue, reopen, store } = await rig();
  await catalogue.ensureTopic("t", 1, 4);
  await catalogue.register({ group: "g", topic: "t" }, [4]);
  await catalogue.commit("g", 0, 9, [{ key: "k", value: Buffer.from("9") }], nothing);
  await catalogue.commit("g", 0, 7, [], nothing);
  await expect(
    catalogue.commit("g", 0, 11, [{ key: "k", value: Buffer.from("11") }], () => {
      throw new Error("revoked");
    }),
  ).rejects.toThrow("revoked");
  const again = await reopen();
  expect(again.position("g")).toEqual([{ partition: 0, registered: 4, committed: 9 }]);
  expect(again.highestCommit("t", 0)).toBe(9);
  expect(Buffer.from(store().get("s/k") ?? []).toString()).toBe("9");
  await store().close();
});
