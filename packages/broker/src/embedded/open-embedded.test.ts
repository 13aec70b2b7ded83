import { spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, silentLog, systemClock } from "@rondo/core";
import { expect, test } from "vitest";
import type { Claim } from "../log.ts";
import type { Loss } from "../loss.ts";
import { retirement } from "../retired.ts";
import { temporaryDirectory } from "./journal.cases.ts";
import { type EmbeddedOptions, openEmbedded } from "./open-embedded.ts";

const opened = (directory: string, changes: Partial<EmbeddedOptions> = {}) =>
  openEmbedded({ directory, clock: systemClock, log: silentLog, ...changes });
const record = (text: string) => ({ headers: {}, value: Buffer.from(text) });
const failing = (fault: Error) => {
  throw fault;
};

test("a directory that is in use is refused and says by whom; readers are let in", async () => {
  const directory = await temporaryDirectory();
  const broker = await opened(directory);
  await broker.ensureTopics([{ name: "t", partitions: 1 }]);
  await broker.append("t", 0, [record("a")]);
  await expect(opened(directory)).rejects.toMatchObject({
    code: "startup",
    message: expect.stringContaining(`is in use by pid ${process.pid}`),
  });
  const reader = await opened(directory, { readOnly: true });
  expect(await reader.read("t", 0, 0, 100)).toMatchObject([{ offset: 0 }]);
  await expect(reader.append("t", 0, [record("b")])).rejects.toMatchObject({ code: "unsupported" });
  await expect(reader.state.put([{ key: "k", value: Buffer.of(1) }])).rejects.toMatchObject({ code: "unsupported" });
  await reader.close();
  await broker.append("t", 0, [record("b")]);
  await broker.close();
  await (await opened(directory)).close();
});

test("what cannot be a data directory is refused with what to do", async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, "file");
  await writeFile(file, "");
  await expect(opened(file)).rejects.toMatchObject({ code: "startup", message: expect.stringContaining("--data") });
  await expect(opened(join(file, "below"))).rejects.toMatchObject({
    code: "startup",
    message: expect.stringContaining("not a directory"),
  });
  await expect(opened(join(directory, "none"), { readOnly: true })).rejects.toMatchObject({
    code: "startup",
    message: expect.stringContaining("holds no data"),
  });
  const other = join(directory, "other");
  await mkdir(other);
  await writeFile(join(other, "version"), "rondo data 9 salt 00000000\n");
  await expect(opened(other)).rejects.toMatchObject({
    code: "startup",
    message: expect.stringContaining("this build reads version 1"),
  });
});

// For root nothing is unreadable.
test.skipIf(process.getuid?.() === 0)("a directory without permission is refused with what to do", async () => {
  const directory = await temporaryDirectory();
  await chmod(directory, 0o500);
  await expect(opened(directory)).rejects.toMatchObject({
    code: "startup",
    message: expect.stringContaining("may not be read and written"),
  });
  await chmod(directory, 0o700);
});

test("a claim that wants what retention removed goes on at the low watermark and says so", async () => {
  const directory = await temporaryDirectory();
  let now = Date.UTC(2026, 0, 1);
  const timers: (() => void)[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after(_, run) {
      timers.push(run);
      return () => undefined;
    },
  };
  const errors: string[] = [];
  const losses: Loss[] = [];
  const log = { ...silentLog, error: (message: string) => errors.push(message) };
  const small = { retentionMs: 60_000, segmentBytes: 100, tailCacheBytes: 0 };
  const broker = await opened(directory, { clock, log, ...small, onLoss: (loss) => losses.push(loss) });
  await broker.ensureTopics([{ name: "t", partitions: 1 }]);
  await broker.registerGroup({ group: "g", topic: "t", start: "earliest" });
  for (const one of ["a", "b", "c"]) await broker.append("t", 0, [record(one)]);
  now += 120_000;
  await broker.append("t", 0, [record("d")]);
  timers.shift()?.();
  await expect.poll(async () => (await broker.watermarks("t", 0)).low).toBe(3);
  await expect.poll(() => timers).toHaveLength(1);
  const read: number[] = [];
  await broker.join(
    { group: "g", topic: "t" },
    async (claim: Claim) => {
      for (let got = await claim.read(100); got.length > 0; got = await claim.read(100)) {
        read.push(...got.map(({ offset }) => offset));
      }
    },
    failing,
  );
  await expect.poll(() => read).toEqual([3]);
  expect(errors).toEqual([expect.stringContaining("group g wants offset 0 of t/0, which retention has removed")]);
  expect(losses).toEqual([{ group: "g", topic: "t", partition: 0, from: 0, to: 3 }]);
  await broker.close();
});

test("size takes what every group has read, and says which group it waits for", async () => {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
  const directory = await temporaryDirectory();
  const broker = await opened(directory, { log, retentionBytes: 1000, segmentBytes: 500, tailCacheBytes: 0 });
  await broker.ensureTopics([{ name: "t", partitions: 2 }]);
  await broker.registerGroup({ group: "g", topic: "t", start: "earliest" });
  await broker.registerGroup({ group: "dropped", topic: "t", start: "earliest" });
  await broker.state.put([retirement("dropped", 0)]);
  const append = async (count: number) => {
    for (let index = 0; index < count; index++) await broker.append("t", index % 2, [record("x".repeat(100))]);
  };
  await append(20);
  await expect.poll(() => warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/takes \d+ B, more than retention_bytes 1000: .* until group g has read it/);
  expect(await broker.watermarks("t", 0)).toEqual({ low: 0, high: 10 });
  const member = await broker.join(
    { group: "g", topic: "t" },
    async (claim: Claim) => {
      for (let got = await claim.read(1e6); got.length > 0; got = await claim.read(1e6)) {
        await claim.commit((got.at(-1)?.offset ?? 0) + 1, []);
      }
    },
    failing,
  );
  await expect.poll(() => broker.position("g")).toMatchObject([{ committed: 10 }, { committed: 10 }]);
  await append(4);
  await expect.poll(() => broker.stats().bytes).toBeLessThan(1500);
  expect((await broker.watermarks("t", 0)).low).toBeGreaterThan(6);
  expect(warnings).toHaveLength(1);
  await member.leave();
  await broker.close();
});

test("offsets below a commit are never given again, even if their records are lost", async () => {
  const directory = await temporaryDirectory();
  const first = await opened(directory);
  await first.ensureTopics([{ name: "t", partitions: 1 }]);
  await first.registerGroup({ group: "g", topic: "t", start: "earliest" });
  await first.append("t", 0, [record("a"), record("b")]);
  await first.join(
    { group: "g", topic: "t" },
    async (claim) => {
      await claim.commit(2, []);
      while ((await claim.read(10)).length > 0);
    },
    failing,
  );
  await expect.poll(() => first.position("g")).toMatchObject([{ committed: 2 }]);
  await first.close();
  await writeFile(join(directory, "journal", "0000000001.log"), "");
  const warnings: string[] = [];
  const second = await opened(directory, { log: { ...silentLog, warn: (message) => warnings.push(message) } });
  expect(warnings).toContainEqual(expect.stringContaining("t/0 ends below a commit"));
  expect((await second.append("t", 0, [record("c")])).baseOffset).toBe(2);
  expect(await second.read("t", 0, 0, 100)).toMatchObject([{ offset: 2 }]);
  await second.close();
});

test("a process that waits for records uses no processor time", async () => {
  const directory = await temporaryDirectory();
  const broker = await opened(directory);
  await broker.ensureTopics([{ name: "t" }]);
  await broker.registerGroup({ group: "g", topic: "t" });
  await broker.join(
    { group: "g", topic: "t" },
    async (claim) => {
      while ((await claim.read(10)).length > 0);
    },
    failing,
  );
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(30);
  await broker.close();
});

test.skipIf(process.platform === "win32")(
  "a disk without room for LMDB fails the write with disk_full, the process lives, and room makes it work again",
  async () => {
    const directory = await temporaryDirectory();
    // A limit on the size of files stands in for a full disk.
    const script = `
      import { openEmbedded } from "@rondo/broker/embedded";
      import { silentLog, systemClock } from "@rondo/core";
      const broker = await openEmbedded({ directory: process.argv[1], clock: systemClock, log: silentLog });
      const outcomes = [];
      for (const size of [1000, 100_000, 100_000, 1000]) {
        outcomes.push(await broker.state.put([{ key: "k" + size, value: Buffer.alloc(size) }]).then(() => "ok", (fault) => fault.code));
      }
      await broker.ensureTopics([{ name: "t" }]);
      for (const size of [1000, 100_000, 1000]) {
        outcomes.push(await broker.append("t", 0, [{ headers: {}, value: Buffer.alloc(size) }]).then(() => "ok", (fault) => fault.code));
      }
      await broker.close();
      console.log(outcomes.join(" "));`;
    const node = [process.execPath, "--conditions=source", "--input-type=module", "-e", script, directory];
    const child = spawn("sh", ["-c", 'ulimit -f 120; exec "$@"', "sh", ...node], { cwd: import.meta.dirname });
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    const [small, large, again, smallAgain, ...appends] = out.trim().split(" ");
    expect([small, smallAgain, code]).toEqual(["ok", "ok", 0]);
    expect(["disk_full", "unavailable"]).toContain(large);
    expect(again).toBe(large);
    expect(appends).toEqual(["ok", "disk_full", "ok"]);
  },
);
