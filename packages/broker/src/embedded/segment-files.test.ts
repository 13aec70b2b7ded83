import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@rondo/core";
import { expect, test } from "vitest";
import { faultyFileSystem } from "./faulty-file-system.cases.ts";
import { journalRig, recordOf } from "./journal.cases.ts";
import { recover } from "./recover.ts";
import { SegmentFiles } from "./segment-files.ts";

test("few files are open and few indexes are read, however many segments are visited", async () => {
  const rig = await journalRig();
  const journal = await rig.open({ segmentBytes: 200 });
  for (let index = 0; index < 30; index++) await journal.append(0, [recordOf(`r${index}`)]);
  await journal.close();
  const opened: string[] = [];
  const fs = faultyFileSystem(({ operation, name }) => {
    if (operation === "open") opened.push(name);
    return undefined;
  });
  const settings = {
    fs,
    directory: rig.directory,
    salt: 42,
    log: silentLog,
    readOnly: true,
    onCorrupt: () => undefined,
  };
  const { segments } = await recover(settings);
  const [first] = segments;
  if (first === undefined) throw new Error("no segment");
  await rm(join(rig.directory, "0000000001.idx"));
  const files = new SegmentFiles(settings);
  opened.length = 0;
  const offsets = async () => {
    const entry = (await files.index(first)).at(0, 0);
    return entry && (await files.batch(first, entry))?.map(({ offset }) => offset);
  };
  expect(await offsets()).toEqual([0]);
  const afterFirst = opened.length;
  expect(await offsets()).toEqual([0]);
  expect(opened.length).toBe(afterFirst);
  for (const segment of segments.slice(0, -1)) {
    const entry = (await files.index(segment)).at(0, 0);
    if (entry !== undefined) await files.batch(segment, entry);
  }
  const descriptors = await readdir("/proc/self/fd").catch(() => []);
  expect(descriptors.length).toBeLessThan(100);
  expect(await offsets()).toEqual([0]);
  files.close();
});

test("a file that another reader's need has closed is opened again", async () => {
  const rig = await journalRig();
  let closed = 0;
  const fs = faultyFileSystem(({ operation }) =>
    operation === "read" && closed-- > 0 ? { code: "EBADF" } : undefined,
  );
  const journal = await rig.open({ fs });
  await journal.append(0, [recordOf("a")]);
  closed = 1;
  expect(await journal.read(0, 0, 1)).toMatchObject([{ offset: 0 }]);
  await journal.close();
});
