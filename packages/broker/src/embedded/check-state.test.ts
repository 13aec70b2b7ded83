import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Catalogue } from "./catalogue.ts";
import type { StreamContent } from "./check-journal.ts";
import { seeState, stateFindings } from "./check-state.ts";
import { nodeFileSystem } from "./file-system.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { openStore } from "./store.ts";

const content = (low: number, high: number): StreamContent => {
  return { low, high, records: high - low, bytes: 0, oldest: 0, newest: 0 };
};

/** A state with topic `t` of two partitions and a group that has committed 4 on the first. */
async function written(change: (write: (key: string, value: unknown) => void) => void = () => undefined) {
  const directory = await temporaryDirectory();
  const store = openStore({ directory, readOnly: false });
  const catalogue = new Catalogue(store);
  await catalogue.ensureTopic("t", 2, 4);
  await catalogue.register({ group: "g", topic: "t" }, [0, 3]);
  await catalogue.commit("g", 0, 4, [], () => undefined);
  const writes: { key: string; value: Uint8Array }[] = [];
  change((key, value) => writes.push({ key, value: Buffer.from(JSON.stringify(value)) }));
  await store.write(() => writes);
  await store.close();
  return directory;
}
const told = async (directory: string, ...streams: readonly StreamContent[]) => {
  const state = await seeState(nodeFileSystem, directory, false);
  return stateFindings(directory, state, state, new Map(streams.entries()), false).map(
    ({ kind, place, message }) => `${kind} ${place.replace(`${directory}/`, "")}: ${message}`,
  );
};

test("commits within what is kept are right", async () => {
  const directory = await written();
  expect(await told(directory, content(2, 4), content(0, 3))).toEqual([]);
  expect((await seeState(nodeFileSystem, directory, true)).topics).toMatchObject([{ name: "t" }]);
});

test("beside a process, what groups had read before the journal was read must be there, and what was taken since they had", async () => {
  const directory = await written();
  const before = await seeState(nodeFileSystem, directory, true);
  const store = openStore({ directory, readOnly: false });
  const catalogue = new Catalogue(store);
  for (const partition of [0, 1]) await catalogue.commit("g", partition, 9, [], () => undefined);
  await store.close();
  const after = await seeState(nodeFileSystem, directory, true);
  const streams = new Map([content(6, 6), content(9, 9)].entries());
  expect(stateFindings(directory, before, after, streams, true)).toEqual([]);
  expect(stateFindings(directory, after, after, streams, true)).toMatchObject([{ kind: "damage", place: "t/0" }]);
  expect(stateFindings(directory, before, before, streams, true)).toMatchObject([{ kind: "note" }, { kind: "note" }]);
});

test("a commit above the end is a loss, one below the beginning is what retention took", async () => {
  const directory = await written();
  expect(await told(directory, content(0, 3), content(5, 9))).toEqual([
    "damage t/0: ends at offset 3, and group g has read up to 4: records 3 to 3 are lost; the next start goes on at 4",
    "note t/1: retention has removed 2 records that group g had not read: offsets 3 to 4",
  ]);
});

test("a group whose topic is not the one that it was registered with", async () => {
  const directory = await written((write) =>
    write("g/odd", { spec: { group: "odd", topic: "gone" }, registered: [0] }),
  );
  expect(await told(directory, content(0, 4), content(0, 3))).toEqual([
    expect.stringContaining("damage group odd: reads 1 partitions of gone, which has 0"),
  ]);
});

test("facts that are none, a journal of another directory, and no state at all", async () => {
  const odd = await written((write) => write("t/odd", { name: "odd" }));
  expect(await told(odd)).not.toEqual([]);
  const directory = await written();
  const streams = [content(0, 4), content(0, 3), content(0, 1)];
  expect(await told(directory, ...streams)).toEqual([
    expect.stringContaining("does not know 1 partitions of the journal"),
  ]);
  const empty = await temporaryDirectory();
  expect(await told(empty)).toEqual([]);
  expect(await told(empty, content(0, 1))).toEqual([expect.stringContaining("damage data.mdb: is missing")]);
  await writeFile(join(empty, "data.mdb"), "{}");
  expect(await told(empty)).toEqual([expect.stringContaining("note data.mdb: its first pages are not those of LMDB")]);
  expect(await told(empty, content(0, 1))).toEqual([expect.stringContaining("damage data.mdb: cannot be read")]);
});
