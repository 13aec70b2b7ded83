import { appendFile, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLog, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { BatchIndex } from "./batch-index.ts";
import { checkData, repairData } from "./check-data.ts";
import { nodeFileSystem } from "./file-system.ts";
import { MAGIC } from "./frame.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { openEmbedded } from "./open-embedded.ts";
import { readSummary, writeSidecar } from "./sidecar.ts";

const open = (directory: string) => openEmbedded({ directory, clock: systemClock, log: silentLog, segmentBytes: 2500 });

/** A directory whose three files hold six records of `t/0`, read by a group that has committed `committed`. */
async function written(committed = 6): Promise<string> {
  const directory = join(await temporaryDirectory(), "data");
  const broker = await open(directory);
  await broker.ensureTopics([{ name: "t", partitions: 2 }]);
  await broker.registerGroup({ group: "g", topic: "t", start: "earliest" });
  for (let index = 0; index < 6; index++)
    await broker.append("t", 0, [{ headers: {}, value: Buffer.alloc(900, index) }]);
  const done = Promise.withResolvers<void>();
  const member = await broker.join(
    { group: "g", topic: "t" },
    async (claim) => {
      if (claim.partition === 0) await claim.commit(committed, []).then(done.resolve, done.reject);
      while ((await claim.read(1)).length > 0);
    },
    done.reject,
  );
  await done.promise;
  await member.leave();
  await broker.close();
  return directory;
}
const log = (directory: string, number: number) => join(directory, "journal", `000000000${number}.log`);
const idx = (directory: string, number: number) => join(directory, "journal", `000000000${number}.idx`);

async function damage(path: string, at: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(path);
  const position = at(bytes);
  bytes[position] = (bytes[position] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
}
/** The position of a file's frame `number`, the opening being 0. */
const frame = (bytes: Buffer, number: number) => {
  let at = 0;
  for (let seen = 0; seen < number; seen++) at = bytes.indexOf(MAGIC, at + 1);
  return at;
};
const told = async (directory: string) => {
  const { findings } = await checkData({ directory });
  return findings.map(({ kind, place, message }) => `${kind} ${place.replace(`${directory}/`, "")}: ${message}`);
};
const repaired = async (directory: string) =>
  (await repairData({ directory, clock: systemClock })).map((line) => line.replaceAll(`${directory}/`, ""));
/** What a reader gets: first bytes of the values. */
const content = async (directory: string) => {
  const broker = await open(directory);
  const found: string[] = [];
  for (let next = 0, more = true; more; ) {
    const records = await broker.read("t", 0, next, 1e6);
    for (const { offset, value } of records) found.push(`${offset}:${value[0]}`);
    more = records.length > 0;
    next = (records.at(-1)?.offset ?? 0) + 1;
  }
  await broker.close();
  return found.join(" ");
};
const WHOLE = "0:0 1:1 2:2 3:3 4:4 5:5";

test("a whole directory has nothing wrong, and its rows say what is in it", async () => {
  const directory = await written();
  const report = await checkData({ directory });
  expect(report).toMatchObject({ findings: [], segments: 3, usedBy: undefined, superfluous: [] });
  expect(report.partitions).toMatchObject([
    { topic: "t", partition: 0, low: 0, high: 6, records: 6, missing: 0 },
    { topic: "t", partition: 1, low: 0, high: 0, records: 0, missing: 0 },
  ]);
  expect(await repaired(directory)).toEqual([]);
  expect(await content(directory)).toBe(WHOLE);
});

test("a directory that is none is refused, and not made", async () => {
  const directory = join(await temporaryDirectory(), "data");
  await expect(checkData({ directory })).rejects.toMatchObject({ code: "startup" });
  await mkdir(directory);
  await expect(checkData({ directory })).rejects.toMatchObject({ message: expect.stringContaining("check --data") });
});

test("beside a running process it is checked, and not repaired", async () => {
  const directory = await written();
  const broker = await open(directory);
  await broker.append("t", 1, [{ headers: {}, value: Buffer.from("a") }]);
  await appendFile(log(directory, 3), "an append under way");
  expect(await checkData({ directory })).toMatchObject({ usedBy: process.pid, findings: [] });
  await expect(repairData({ directory, clock: systemClock })).rejects.toMatchObject({
    message: expect.stringContaining(`in use by pid ${process.pid}`),
  });
  await broker.close();
});

test("a torn tail is a note; a repair cuts it off and loses nothing", async () => {
  const directory = await written();
  await appendFile(log(directory, 3), Buffer.alloc(5000, 7));
  expect(await told(directory)).toEqual([
    expect.stringMatching(/^note journal.0000000003.log: 5000 B from position \d+ are/),
  ]);
  expect(await repaired(directory)).toEqual([
    expect.stringContaining("journal/0000000003.log: cutting 5000 B off its end"),
  ]);
  expect(await told(directory)).toEqual([]);
  expect(await content(directory)).toBe(WHOLE);
});

test("a last record that was torn off although a group has read it is damage", async () => {
  const directory = await written();
  await truncate(log(directory, 3), (await readFile(log(directory, 3))).length - 10);
  expect(await told(directory)).toEqual([
    expect.stringContaining("note journal/0000000003.log"),
    "damage t/0: ends at offset 5, and group g has read up to 6: records 5 to 5 are lost; the next start goes on at 6",
  ]);
});

test("a damaged record in the middle is named with file, position and offset; everything else is kept", async () => {
  const directory = await written();
  await damage(log(directory, 1), (bytes) => frame(bytes, 2) + 300);
  const errors = [
    expect.stringMatching(/^damage journal.0000000001.log: \d+ B from position \d+ are not what was written; readers/),
    expect.stringMatching(/^damage t.0: records 1 to 1 should stand in 0000000001.log and do not: they are lost/),
  ];
  expect(await told(directory)).toEqual(errors);
  expect((await checkData({ directory })).partitions[0]).toMatchObject({ low: 0, high: 6, records: 5, missing: 1 });
  expect(await repaired(directory)).toEqual([]);
  expect(await told(directory)).toEqual(errors);
  expect(await content(directory)).toBe("0:0 2:2 3:3 4:4 5:5");
});

test("a file of which nothing is whole costs its own records", async () => {
  const directory = await written();
  const bytes = await readFile(log(directory, 2));
  await writeFile(log(directory, 2), Buffer.alloc(bytes.length, 1));
  expect(await told(directory)).toEqual([
    expect.stringMatching(/^damage journal.0000000002.log: nothing in its \d+ B is what was written/),
    expect.stringMatching(/^damage t.0: records 2 to 3 should stand in/),
  ]);
  await repaired(directory);
  expect(await content(directory)).toBe("0:0 1:1 4:4 5:5");
});

test("a file that is missing between two others is named", async () => {
  const directory = await written();
  await rm(log(directory, 2));
  expect(await told(directory)).toEqual([
    expect.stringMatching(/^note journal.0000000002.idx: is the index of a file that is gone/),
    expect.stringMatching(/^damage journal.0000000002.log: is missing: 0000000003.log goes on where it ends/),
    expect.stringMatching(/^damage t.0: records 2 to 3 should stand in/),
  ]);
});

test("an index that is gone is no finding, a damaged one a note, and one that says something else is made again", async () => {
  const directory = await written();
  await rm(idx(directory, 1));
  expect(await told(directory)).toEqual([]);
  await (await open(directory)).close();
  await damage(idx(directory, 1), (bytes) => bytes.length - 1);
  expect(await told(directory)).toEqual([
    expect.stringContaining("note journal/0000000001.idx: is damaged or out of date"),
  ]);
  await repaired(directory);
  await writeFile(idx(directory, 1), await readFile(idx(directory, 1)));
  expect(await told(directory)).toEqual([]);
  await forge(directory);
  expect(await told(directory)).toEqual([
    expect.stringContaining("repairable journal/0000000001.idx: does not say what 0000000001.log holds"),
  ]);
  expect(await repaired(directory)).toEqual([expect.stringContaining("journal/0000000001.idx is removed")]);
  expect(await told(directory)).toEqual([]);
  expect(await content(directory)).toBe(WHOLE);
});

/** Gives the first file an index that is whole and says less than the file holds. */
async function forge(directory: string): Promise<void> {
  const path = idx(directory, 1);
  const segment = await readSummary(nodeFileSystem, path);
  if (segment === undefined) throw new Error("no index");
  await writeSidecar(nodeFileSystem, path, segment, new BatchIndex());
}

test("a file that was begun and never counted, and files of others, are notes", async () => {
  const directory = await written();
  await writeFile(log(directory, 4), "RBF1");
  await writeFile(join(directory, "journal", "README"), "mine");
  await writeFile(join(directory, "journal", "0000000001.idx.new"), "");
  await writeFile(join(directory, "notes"), "mine");
  expect((await told(directory)).sort()).toEqual([
    "note journal/0000000001.idx.new: is an index whose making was interrupted; --repair removes it",
    "note journal/0000000004.log: was being made when a crash came; the next start removes it",
    "note journal/README: is no file of Rondo's; it is left alone",
    "note notes: is no file of Rondo's; it is left alone",
  ]);
  expect(await repaired(directory)).toHaveLength(2);
  expect(await told(directory)).toHaveLength(2);
  expect(await content(directory)).toBe(WHOLE);
});

test("a state that cannot be read, or is of another directory, is damage, at a start too", async () => {
  const directory = await written();
  const state = join(directory, "state", "data.mdb");
  const bytes = await readFile(state);
  await truncate(state, 5000);
  expect(await told(directory)).toEqual([
    expect.stringMatching(/^damage state.data.mdb: cannot be read: it ends at 5000 B/),
  ]);
  await expect(open(directory)).rejects.toMatchObject({
    code: "startup",
    message: expect.stringContaining("data.mdb"),
  });
  await rm(state);
  expect(await told(directory)).toEqual([expect.stringContaining("damage state/data.mdb: is missing")]);
  await expect(open(directory)).rejects.toMatchObject({
    message: expect.stringContaining("not of one data directory"),
  });
  await writeFile(state, bytes);
  expect(await content(directory)).toBe(WHOLE);
});

test("a state whose making a crash interrupted is made again", async () => {
  const directory = join(await temporaryDirectory(), "data");
  await (await open(directory)).close();
  for (const bytes of [0, 3000]) {
    await truncate(join(directory, "state", "data.mdb"), bytes);
    expect(await told(directory)).toEqual([expect.stringContaining("a crash interrupted its making")]);
    expect(await repaired(directory)).toEqual([expect.stringContaining("state/data.mdb is removed")]);
    expect(await told(directory)).toEqual([]);
  }
});

test("windows that cannot be read are removed by a repair: they are filled again", async () => {
  const directory = await written();
  await mkdir(join(directory, "windows"));
  await writeFile(join(directory, "windows", "data.mdb"), "not LMDB");
  expect(await told(directory)).toEqual([
    "repairable windows/data.mdb: cannot be read: its first pages are not those of LMDB; --repair removes it, and it is filled again from the log",
  ]);
  expect(await repaired(directory)).toEqual([expect.stringContaining("windows/data.mdb is removed")]);
  expect(await told(directory)).toEqual([]);
});

test("what retention took from a group is noted", async () => {
  const directory = await written(1);
  await rm(log(directory, 1));
  await rm(idx(directory, 1));
  expect(await told(directory)).toEqual([
    "note t/0: retention has removed 1 records that group g had not read: offsets 1 to 1",
  ]);
});
