import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BatchIndex } from "./batch-index.ts";
import { nodeFileSystem } from "./file-system.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { Positions, type Segment } from "./segment.ts";
import { readIndex, readSummary, writeSidecar } from "./sidecar.ts";

const segmentOf = (streams: number): Segment => ({
  number: 7,
  end: 1000,
  previous: { number: 6, end: 500 },
  starts: new Positions(Array.from({ length: streams * 2 }, (_, index) => index * 1e9)),
  firstTimestamp: 5,
  lastTimestamp: 9,
});

test.each([1, 5000])("summary and index read back as they were written, with %i streams", async (streams) => {
  const path = join(await temporaryDirectory(), "7.idx");
  const index = new BatchIndex();
  index.add(0, { base: 0, count: 2, position: 77, length: 10, timestamp: 5 });
  await writeSidecar(nodeFileSystem, path, segmentOf(streams), index);
  const summary = await readSummary(nodeFileSystem, path);
  expect(summary).toMatchObject({ number: 7, end: 1000, previous: { number: 6, end: 500 }, lastTimestamp: 9 });
  expect(summary?.starts.pairs()).toEqual(segmentOf(streams).starts.pairs());
  expect((await readIndex(nodeFileSystem, path))?.at(0, 0)).toEqual(index.at(0, 0));
});

test("a sidecar that is missing, cut or damaged anywhere is none", async () => {
  const path = join(await temporaryDirectory(), "7.idx");
  expect(await readSummary(nodeFileSystem, path)).toBeUndefined();
  expect(await readIndex(nodeFileSystem, path)).toBeUndefined();
  const index = new BatchIndex();
  index.add(0, { base: 0, count: 2, position: 77, length: 10, timestamp: 5 });
  await writeSidecar(nodeFileSystem, path, segmentOf(1), index);
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    await writeFile(path, damaged);
    const both = await Promise.all([readSummary(nodeFileSystem, path), readIndex(nodeFileSystem, path)]);
    expect(both.filter((one) => one === undefined).length).toBeGreaterThan(0);
  }
  await writeFile(path, whole.subarray(0, whole.length - 1));
  expect(await readIndex(nodeFileSystem, path)).toBeUndefined();
});
