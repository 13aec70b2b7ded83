/**
 * The embedded log alone on a real disk that runs full again and again, whatever it is just doing: appending, beginning a file,
 * writing an index, committing to LMDB. What was acknowledged is there, refusals say why, and room is all that it needs.
 */
import { mkdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "@rondo/broker";
import { checkData, openEmbedded, openStore } from "@rondo/broker/embedded";
import { Fault, silentLog, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import { fillUp, smallDisk } from "./small-disk.ts";

const TOPIC = "t";
const GROUP = "g";
const BLOCK = 4096;
/** Blocks that are left free when the disk runs full, so that another write is the first to fail each time. */
const FREE_BLOCKS = [0, 1, 3, 10, 40];

test("a log survives a disk that runs full at any write", async (context) => {
  const disk = smallDisk(context);
  const directory = join(disk.folder, "data");
  const lines: string[] = [];
  const log = { ...silentLog, error: (line: string) => lines.push(line) };
  const small = { segmentBytes: 100_000, retentionBytes: 1_000_000, tailCacheBytes: 0 };
  const broker = await openEmbedded({ directory, clock: systemClock, log, ...small });
  await broker.ensureTopics([{ name: TOPIC, partitions: 2 }]);
  await broker.registerGroup({ group: GROUP, topic: TOPIC, start: "earliest" });
  const seen = new Map<string, string>();
  const commits = { done: 0, codes: new Set<string>() };
  const onClaim = async (claim: Claim) => {
    for (let got = await claim.read(20_000); got.length > 0; got = await claim.read(20_000)) {
      for (const { offset, headers } of got) seen.set(`${claim.partition}/${offset}`, headers["id"] ?? "");
      const next = (got.at(-1)?.offset ?? 0) + 1;
      const state = [{ key: `checkpoint/${claim.partition}`, value: Buffer.alloc(5_000 + (next % 7) * 1_000, next) }];
      await claim.commit(next, state).then(
        () => commits.done++,
        (thrown: unknown) => commits.codes.add(Fault.from(thrown).code),
      );
    }
  };
  const member = await broker.join({ group: GROUP, topic: TOPIC }, onClaim, (fault) =>
    expect.soft(fault).toBeUndefined(),
  );

  const kept = new Map<string, string>();
  let serial = 0;
  /** Appends `count` records; answers the codes of the refusals. */
  const append = async (count: number) => {
    const codes: string[] = [];
    for (let index = 0; index < count; index++) {
      const id = `${++serial}`;
      const record = { headers: { id }, value: Buffer.alloc(1 + ((serial * 7919) % 9_000), serial) };
      try {
        const { baseOffset } = await broker.append(TOPIC, serial % 2, [record]);
        kept.set(`${serial % 2}/${baseOffset}`, id);
      } catch (thrown) {
        codes.push(Fault.from(thrown).code);
      }
    }
    return codes;
  };

  let refusals = 0;
  for (const free of FREE_BLOCKS) {
    expect(await append(30), "with room").toEqual([]);
    const ballast = fillUp(disk, "ballast");
    truncateSync(ballast, Math.max(0, statSync(ballast).size - free * BLOCK));
    const refused: string[] = [];
    // Retention gives some room back, until commits are refused as well.
    for (let tries = 0; tries < 40 && refused.length < 20; tries++) refused.push(...(await append(30)));
    expect(new Set(refused), `${free} blocks free`).toEqual(new Set(["disk_full"]));
    refusals += refused.length;
    rmSync(ballast);
  }
  expect(await append(30)).toEqual([]);
  // Commits that were refused are made good by the next one of their partition.
  await expect
    .poll(() => broker.position(GROUP).then((all) => all.map(({ committed }) => committed ?? 0)))
    .toEqual(await Promise.all([0, 1].map(async (partition) => (await broker.watermarks(TOPIC, partition)).high)));
  expect([...commits.codes]).toEqual(["disk_full"]);
  expect(seen).toEqual(kept);
  // Said when it begins, and again after a small record that still found room.
  expect(lines.filter((line) => line.includes("appends fail")).length).toBeLessThan(refusals / 2);
  expect(broker.stats().bytes, "retention goes on beside it").toBeLessThan(1_300_000);
  await member.leave();
  await broker.close();
  const { findings } = await checkData({ directory });
  expect(findings).toEqual([]);
});

// LMDB has been seen to damage its own memory when a write of its is cut short: what will not fit is not tried.
test("a fact larger than what is left is refused, and smaller ones are taken", async (context) => {
  const disk = smallDisk(context);
  const directory = join(disk.folder, "state");
  mkdirSync(directory);
  const store = openStore({ directory, readOnly: false });
  const put = (key: string, bytes: number) => store.write(() => [{ key, value: Buffer.alloc(bytes, key) }]);
  await put("a", 1000);
  const ballast = fillUp(disk, "ballast");
  truncateSync(ballast, statSync(ballast).size - (2 << 20));
  for (let index = 0; index < 10; index++) {
    await expect(put("large", 3 << 20)).rejects.toMatchObject({ code: "disk_full" });
    await put(`small ${index}`, 1000);
  }
  rmSync(ballast);
  await put("large", 3 << 20);
  expect(store.get("large")).toHaveLength(3 << 20);
  expect(store.list("small")).toHaveLength(10);
  await store.close();
});
