import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import type { FileCall } from "./faulty-file-system.cases.ts";
import { type Decide, faultyFileSystem } from "./faulty-file-system.cases.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { contentOf, journalRig, recordOf } from "./journal.cases.ts";

const big = "x".repeat(1000);

test("appends that wait share one write and one sync", async () => {
  const calls: string[] = [];
  const rig = await journalRig();
  const fs = faultyFileSystem(({ operation }) => {
    calls.push(operation);
    return undefined;
  });
  const journal = await rig.open({ fs });
  await journal.append(0, [recordOf("first")]);
  calls.length = 0;
  await Promise.all(Array.from({ length: 100 }, (_, index) => journal.append(index % 3, [recordOf(`r${index}`)])));
  expect(calls).toEqual(["writev", "datasync"]);
  await journal.close();
});

test("an append is neither visible nor answered before it is durable", async () => {
  const rig = await journalRig();
  const order: string[] = [];
  const fs = faultyFileSystem(({ operation }) => {
    if (operation === "datasync") order.push(`high ${journal?.watermarks(0).high}`);
    return undefined;
  });
  let journal: Awaited<ReturnType<typeof rig.open>> | undefined;
  journal = await rig.open({ fs });
  await journal.append(0, [recordOf("a")]);
  order.length = 0;
  const appended = journal.append(0, [recordOf("b")]).then(() => order.push("answered"));
  await appended;
  expect(order).toEqual(["high 1", "answered"]);
  await journal.close();
});

test("a full file is sealed, and everything is read over the borders of files", async () => {
  const rig = await journalRig();
  const journal = await rig.open({ segmentBytes: 3000 });
  const names = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(900, "."));
  for (const name of names) await journal.append(Number(name.length > 0) && names.indexOf(name) % 2, [recordOf(name)]);
  expect(journal.size().segments).toBeGreaterThan(5);
  const wanted = (stream: number) =>
    names
      .filter((_, index) => index % 2 === stream)
      .map((name, index) => `${index}:${name}`)
      .join(" ");
  expect(await contentOf(journal, 0)).toBe(wanted(0));
  await journal.close();
  const again = await rig.open();
  expect(await contentOf(again, 0)).toBe(wanted(0));
  expect(await contentOf(again, 1)).toBe(wanted(1));
  await again.close();
  expect(rig.faults).toEqual([]);
  expect(rig.lines).toEqual([]);
});

test("timestamps of a stream never go backwards, over a restart either", async () => {
  const rig = await journalRig();
  const journal = await rig.open();
  const { timestamp } = await journal.append(0, [recordOf("a")]);
  rig.now -= 60_000;
  expect((await journal.append(0, [recordOf("b")])).timestamp).toBe(timestamp);
  expect((await journal.append(1, [recordOf("b")])).timestamp).toBe(timestamp - 60_000);
  await journal.close();
  const again = await rig.open();
  expect((await again.append(0, [recordOf("c")])).timestamp).toBe(timestamp);
  await again.close();
});

test("a record is found by its time", async () => {
  const rig = await journalRig();
  const journal = await rig.open({ segmentBytes: 2500 });
  const start = rig.now;
  for (let index = 0; index < 10; index++) {
    rig.now = start + index * 1000;
    await journal.append(0, [recordOf(big)]);
  }
  expect(await journal.offsetAt(0, start)).toBe(0);
  expect(await journal.offsetAt(0, start + 4500)).toBe(5);
  expect(await journal.offsetAt(0, start + 60_000)).toBe(10);
  await journal.close();
});

test("retention removes whole old files; offsets go on where they were", async () => {
  const rig = await journalRig();
  const journal = await rig.open({ segmentBytes: 2500, retentionMs: 10_000 });
  for (let index = 0; index < 6; index++) await journal.append(0, [recordOf(big)]);
  await journal.append(1, [recordOf("other")]);
  rig.now += 20_000;
  await journal.append(0, [recordOf("new")]);
  await journal.expire();
  // The file that holds the new record stays, and was sealed: its oldest record has used up its time.
  expect(journal.watermarks(0)).toEqual({ low: 4, high: 7 });
  rig.now += 20_000;
  await journal.expire();
  expect(journal.watermarks(0)).toEqual({ low: 7, high: 7 });
  expect(journal.size().segments).toBe(1);
  expect(await journal.read(0, 0, 1000)).toEqual([]);
  await journal.append(0, [recordOf("newer")]);
  expect(await contentOf(journal, 0)).toBe("7:newer");
  await journal.close();
  const again = await rig.open();
  expect(again.watermarks(0)).toEqual({ low: 7, high: 8 });
  expect(again.watermarks(1)).toEqual({ low: 1, high: 1 });
  expect((await again.append(1, [recordOf("next")])).baseOffset).toBe(1);
  await again.close();
  expect((await readdir(rig.directory)).filter((name) => name.endsWith(".log"))).toHaveLength(1);
});

test("retention is checked whenever a file is sealed", async () => {
  const rig = await journalRig();
  const journal = await rig.open({ segmentBytes: 1500, retentionMs: 10_000 });
  for (let index = 0; index < 5; index++) {
    // Before the append: what its file seals is checked beside it, at the same time of the clock.
    rig.now += 6000;
    await journal.append(0, [recordOf(big)]);
  }
  await expect.poll(() => journal.size().segments).toBe(2);
  await journal.close();
});

/** Lets everything pass until `trigger` is set, then fails what `fate` names. */
function trap(fate: Decide): { readonly decide: Decide; armed: boolean } {
  const state = { armed: false, decide: (call: FileCall) => (state.armed ? fate(call) : undefined) };
  return state;
}

test("a full disk fails exactly the appends that are not durable; nothing partial is seen, and it recovers by itself", async () => {
  const rig = await journalRig();
  const full = trap(({ operation }) => (operation === "writev" ? { code: "ENOSPC", written: 500 } : undefined));
  const journal = await rig.open({ fs: faultyFileSystem(full.decide) });
  await journal.append(0, [recordOf("a")]);
  full.armed = true;
  await expect(journal.append(0, [recordOf(big)])).rejects.toMatchObject({ code: "disk_full" });
  await expect(journal.append(0, [recordOf(big)])).rejects.toMatchObject({ code: "disk_full" });
  expect(rig.lines.filter((line) => line.includes("appends fail"))).toHaveLength(1);
  full.armed = false;
  expect((await journal.append(0, [recordOf("b")])).baseOffset).toBe(1);
  expect(await contentOf(journal, 0)).toBe("0:a 1:b");
  await journal.close();
  const again = await rig.open();
  expect(await contentOf(again, 0)).toBe("0:a 1:b");
  await again.close();
  expect(rig.faults).toEqual([]);
});

test("a disk that is full when a new file is begun leaves no trace of it", async () => {
  const rig = await journalRig();
  const full = trap(({ operation, name }) =>
    operation === "writev" && name.endsWith("2.log") ? { code: "ENOSPC", written: 20 } : undefined,
  );
  const journal = await rig.open({ fs: faultyFileSystem(full.decide), segmentBytes: 1500 });
  await journal.append(0, [recordOf(big)]);
  full.armed = true;
  await expect(journal.append(0, [recordOf(big)])).rejects.toMatchObject({ code: "disk_full" });
  full.armed = false;
  await journal.append(0, [recordOf("b")]);
  expect(await contentOf(journal, 0)).toBe(`0:${big} 1:b`);
  await journal.close();
  const again = await rig.open();
  expect(await contentOf(again, 0)).toBe(`0:${big} 1:b`);
  await again.close();
  expect(rig.faults).toEqual([]);
});

test("after a failed sync the file is never trusted again: what it held back is given anew in the next file", async () => {
  const rig = await journalRig();
  // The truncation fails as well, so that the frame that was refused stays in the file, whole.
  const broken = trap(({ operation, name }) =>
    (operation === "datasync" || operation === "truncate") && name.endsWith("1.log") ? { code: "EIO" } : undefined,
  );
  const journal = await rig.open({ fs: faultyFileSystem(broken.decide) });
  await journal.append(0, [recordOf("a")]);
  broken.armed = true;
  await expect(journal.append(0, [recordOf("refused")])).rejects.toMatchObject({ code: "unavailable" });
  expect(journal.watermarks(0)).toEqual({ low: 0, high: 1 });
  expect((await journal.append(0, [recordOf("b")])).baseOffset).toBe(1);
  expect(journal.size().segments).toBe(2);
  broken.armed = false;
  await journal.close();
  const again = await rig.open();
  expect(await contentOf(again, 0)).toBe("0:a 1:b");
  await again.close();
  expect(rig.faults).toEqual([]);
});

test("a failed sync of a directory fails the append, and a file that cannot be removed does no harm", async () => {
  const rig = await journalRig();
  const broken = trap(({ operation, name }) =>
    operation === "syncDirectory" || (operation === "unlink" && name.endsWith(".log")) ? { code: "EIO" } : undefined,
  );
  const journal = await rig.open({ fs: faultyFileSystem(broken.decide), segmentBytes: 1500 });
  await journal.append(0, [recordOf(big)]);
  broken.armed = true;
  await expect(journal.append(0, [recordOf(big)])).rejects.toMatchObject({ code: "unavailable" });
  broken.armed = false;
  await journal.append(0, [recordOf(`b${big}`)]);
  await journal.close();
  expect((await readdir(rig.directory)).filter((name) => name.endsWith(".log"))).toHaveLength(3);
  const again = await rig.open();
  expect(await contentOf(again, 0)).toBe(`0:${big} 1:b${big}`);
  await again.close();
  expect((await readdir(rig.directory)).filter((name) => name.endsWith(".log"))).toHaveLength(2);
});

test("a file that retention cannot remove keeps those behind it, over a restart too, and goes with the next call", async () => {
  const rig = await journalRig();
  const broken = trap(({ operation, name }) =>
    operation === "unlink" && name === "0000000001.log" ? { code: "EIO" } : undefined,
  );
  const fs = faultyFileSystem(broken.decide);
  const journal = await rig.open({ fs, segmentBytes: 1500 });
  for (const one of ["a", "b", "c"]) await journal.append(0, [recordOf(one.repeat(1000))]);
  rig.now += 4_000_000;
  broken.armed = true;
  await journal.append(0, [recordOf("d".repeat(1000))]);
  await Promise.all([journal.expire(), journal.expire()]);
  expect(journal.watermarks(0)).toEqual({ low: 1, high: 4 });
  const beside = await rig.open({ readOnly: true });
  expect(beside.watermarks(0)).toEqual({ low: 0, high: 4 });
  expect((await contentOf(beside, 0)).replaceAll(/(\w)\1+/g, "$1")).toBe("0:a 1:b 2:c 3:d");
  await beside.close();
  broken.armed = false;
  await journal.expire();
  expect(journal.watermarks(0)).toEqual({ low: 3, high: 4 });
  expect((await readdir(rig.directory)).filter((name) => /000[123]\.(?:log|idx)$/.test(name))).toEqual([]);
  await journal.close();
});

test("a check that throws withdraws its own append and no other", async () => {
  const rig = await journalRig();
  const journal = await rig.open();
  const [first, second, third] = await Promise.allSettled([
    journal.append(0, [recordOf("a")]),
    journal.append(0, [recordOf("withdrawn")], () => {
      throw new Error("gone");
    }),
    journal.append(0, [recordOf("b")]),
  ]);
  expect([first, third]).toMatchObject([{ value: { baseOffset: 0 } }, { value: { baseOffset: 1 } }]);
  expect(second).toMatchObject({ status: "rejected", reason: { message: "gone" } });
  await journal.close();
});

test("what waits for a slow disk is bounded", async () => {
  const rig = await journalRig();
  const journal = await rig.open({ queueBytes: 2500 });
  const [first, second, third] = await Promise.allSettled(
    [big, big, big].map((one) => journal.append(0, [recordOf(one)])),
  );
  expect([first, second]).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
  expect(third).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
  await journal.append(0, [recordOf(big.repeat(5))]);
  await journal.close();
  await expect(journal.append(0, [recordOf("late")])).rejects.toMatchObject({ code: "aborted" });
});

test("a sidecar that cannot be written is made again at the next start", async () => {
  const rig = await journalRig();
  const fs = faultyFileSystem(({ name }) => (name.endsWith(".idx.new") ? { code: "EACCES" } : undefined));
  const journal = await rig.open({ fs, segmentBytes: 1500 });
  for (const one of ["a", "b", "c"]) await journal.append(0, [recordOf(one.repeat(1000))]);
  const content = await contentOf(journal, 0);
  await journal.close();
  expect((await readdir(rig.directory)).filter((name) => name.endsWith(".idx"))).toEqual([]);
  const again = await rig.open();
  expect(await contentOf(again, 0)).toBe(content);
  await again.close();
  expect((await readdir(rig.directory)).filter((name) => name.endsWith(".idx"))).toHaveLength(2);
});

test("closing waits for appends that wait for a new segment to be begun", async () => {
  const rig = await journalRig();
  // A device so slow that everything else has ended when it has taken an append.
  const slow: FileSystem = {
    ...nodeFileSystem,
    async open(path, mode) {
      const file = await nodeFileSystem.open(path, mode);
      const writev = async (chunks: readonly Uint8Array[], position: number) => {
        if (position > 0) await new Promise((resolve) => setTimeout(resolve, 50));
        await file.writev(chunks, position);
      };
      return {
        writev,
        read: (into, position) => file.read(into, position),
        datasync: () => file.datasync(),
        size: () => file.size(),
        truncate: (size) => file.truncate(size),
        hasName: () => file.hasName(),
        close: () => file.close(),
      };
    },
  };
  const journal = await rig.open({ fs: slow });
  await journal.append(0, [recordOf("a")]);
  // Nothing is old enough yet; no append is under way when it has found that out.
  await journal.expire();
  rig.now += 1_000_000;
  const expired = journal.expire();
  const appended = journal.append(0, [recordOf("b")]);
  await journal.close();
  await expired;
  expect(await appended).toMatchObject({ baseOffset: 1 });
  const again = await rig.open();
  expect(await contentOf(again, 0)).toBe("0:a 1:b");
  await again.close();
});
