import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@rondo/core";
import { expect, test } from "vitest";
import { nodeFileSystem } from "./file-system.ts";
import { journalRig, recordOf } from "./journal.cases.ts";
import { scanSegment } from "./scan-segment.ts";

async function rig() {
  const made = await journalRig();
  const { directory } = made;
  const journal = await made.open();
  for (const one of ["a", "b", "c"]) await journal.append(4, [recordOf(one)]);
  await journal.close();
  const settings = {
    fs: nodeFileSystem,
    directory,
    salt: 42,
    log: silentLog,
    readOnly: true,
    onCorrupt: () => undefined,
  };
  return { settings, path: join(directory, "0000000001.log") };
}

test("finds the opening, the batches and the end", async () => {
  const { settings, path } = await rig();
  const scanned = await scanSegment(settings, 1, undefined);
  expect(scanned).toMatchObject({ opened: true, segment: { number: 1, previous: null } });
  expect(scanned?.segment.end).toBe((await readFile(path)).length);
  expect(scanned?.index.ends()).toMatchObject([[4, 3, expect.any(Number)]]);
  expect(scanned?.segment.firstTimestamp).toBe(scanned?.segment.lastTimestamp);
});

test("what stands beyond the limit that the successor names does not count", async () => {
  const { settings, path } = await rig();
  const { end = 0 } = (await scanSegment(settings, 1, undefined))?.segment ?? {};
  const third = (await scanSegment(settings, 1, undefined))?.index.at(4, 2);
  const limited = await scanSegment(settings, 1, third?.position);
  expect(limited?.index.ends()).toMatchObject([[4, 2, expect.any(Number)]]);
  await appendFile(path, Buffer.alloc(100));
  expect((await scanSegment(settings, 1, undefined))?.segment.end).toBe(end);
});

test("a file in which nothing is whole is none", async () => {
  const { settings, path } = await rig();
  await writeFile(path, Buffer.alloc(5000));
  expect(await scanSegment(settings, 1, undefined)).toBeUndefined();
  await expect(scanSegment(settings, 2, undefined)).rejects.toMatchObject({ code: "ENOENT" });
});
