/** Every operation of the journal fails in every way that a disk has: the append is refused, nothing breaks, and it recovers. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type FileCall, faultyFileSystem } from "./faulty-file-system.cases.ts";
import { contentOf, journalRig, recordOf } from "./journal.cases.ts";

const big = "x".repeat(900);
const CODES = [
  ["ENOSPC", "disk_full"],
  ["EDQUOT", "disk_full"],
  ["EIO", "unavailable"],
  ["EROFS", "unavailable"],
  ["EMFILE", "unavailable"],
  ["ENOENT", "unavailable"],
] as const;
const OPERATIONS = ["open", "writev", "datasync", "truncate", "unlink", "rename", "syncDirectory"] as const;
const cases = OPERATIONS.flatMap((operation) => CODES.map(([code, fault]) => ({ operation, code, fault })));

test.each(cases)("$operation fails with $code", async ({ operation, code, fault }) => {
  const rig = await journalRig();
  let failing: FileCall["operation"] | undefined;
  const fs = faultyFileSystem((call) => {
    // What was written in part is cut off again, which may fail as well.
    const alsoWrite = failing === "truncate" && call.operation === "writev";
    if (call.operation !== failing && !alsoWrite) return undefined;
    return call.operation === "writev" ? { code, written: Math.floor(call.bytes / 2) } : { code };
  });
  const journal = await rig.open({ fs, segmentBytes: 2000, retentionBytes: 6000 });
  const kept: string[] = [];
  const append = async (text: string) => {
    const { baseOffset } = await journal.append(0, [recordOf(text + big)]);
    kept.push(`${baseOffset}:${text}${big}`);
  };
  for (let index = 0; index < 3; index++) await append(`a${index}`);
  failing = operation;
  // Enough for two files to be begun, one to be indexed and, with what follows, one to be removed.
  for (let index = 0; index < 4; index++) {
    await append(`b${index}`).catch((thrown: unknown) => expect(thrown).toMatchObject({ code: fault }));
  }
  await journal.expire();
  failing = undefined;
  for (let index = 0; index < 6; index++) await append(`c${index}`);
  await journal.expire();
  const { low } = journal.watermarks(0);
  const wanted = kept.filter((one) => Number.parseInt(one, 10) >= low).join(" ");
  expect(await contentOf(journal, 0)).toBe(wanted);
  await journal.close();
  const again = await rig.open();
  expect(await contentOf(again, 0)).toContain(wanted);
  await again.close();
  expect(rig.faults).toEqual([]);
  expect((await readdir(rig.directory)).filter((name) => name.endsWith(".new"))).toEqual([]);
});

test("a directory that is removed under the journal takes no more appends, and says so", async () => {
  const rig = await journalRig();
  let ms = 0;
  const clock = { now: () => rig.now, monotonic: () => ms, after: () => () => undefined };
  const journal = await rig.open({ clock });
  await journal.append(0, [recordOf("a")]);
  await rm(rig.directory, { recursive: true });
  ms += 1_000;
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(journal.append(0, [recordOf("b")])).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("removed under the running process; restart it"),
    });
  }
  expect(rig.lines.filter((line) => line.includes("appends fail"))).toHaveLength(1);
  // Whoever puts another directory in its place does not make it the one that was opened.
  await mkdir(rig.directory);
  ms += 1_000;
  await expect(journal.append(0, [recordOf("c")])).rejects.toMatchObject({ code: "unavailable" });
  await journal.close();
  expect(await readdir(join(rig.directory))).toEqual([]);
});
