import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@rondo/core";
import { expect, test } from "vitest";
import { checkJournal } from "./check-journal.ts";
import { nodeFileSystem } from "./file-system.ts";
import { MAGIC } from "./frame.ts";
import { type JournalRig, journalRig, recordOf } from "./journal.cases.ts";

const check = ({ directory }: JournalRig) =>
  checkJournal({ fs: nodeFileSystem, directory, salt: 42, log: silentLog, isInUse: false });

/** Twelve records in turn on two streams, a few to a file; then what is older than the last minute is removed. */
async function written(): Promise<JournalRig> {
  const rig = await journalRig();
  const journal = await rig.open({ segmentBytes: 2000, retentionMs: 60_000 });
  for (let index = 0; index < 12; index++) {
    if (index === 4) rig.now += 120_000;
    await journal.append(index % 2, [recordOf("x".repeat(400))]);
  }
  await journal.expire();
  await journal.close();
  return rig;
}

test("every stream goes from where the oldest file begins to its last record", async () => {
  const rig = await written();
  const { streams, findings, missing } = await check(rig);
  expect([findings, missing]).toEqual([[], []]);
  expect([...streams.keys()].sort()).toEqual([0, 1]);
  expect(streams.get(0)).toMatchObject({ low: 2, high: 6, records: 4, oldest: rig.now, newest: rig.now });
});

test("what a damaged opening frame hides is taken from what follows it", async () => {
  const rig = await written();
  const path = join(rig.directory, "0000000002.log");
  const bytes = await readFile(path);
  bytes[60] = (bytes[60] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
  const { streams, findings } = await check(rig);
  expect(findings).toMatchObject([{ kind: "damage", place: path }]);
  expect(streams.get(0)).toMatchObject({ low: 2, high: 6, records: 4 });
});

test("each hole has its stream, its offsets and the file in which they should be", async () => {
  const rig = await written();
  const path = join(rig.directory, "0000000002.log");
  const bytes = await readFile(path);
  let at = 0;
  for (let seen = 0; seen < 2; seen++) at = bytes.indexOf(MAGIC, at + 1);
  bytes.fill(0, at, at + 100);
  await writeFile(path, bytes);
  const { missing, streams } = await check(rig);
  expect(missing).toEqual([{ stream: 1, from: 2, to: 3, file: "0000000002.log" }]);
  expect(streams.get(1)).toMatchObject({ low: 2, high: 6, records: 3 });
});
