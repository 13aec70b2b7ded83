import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type FindProcess, findProcess, lockDirectory, type ProcessIdentity } from "./directory-lock.ts";
import { nodeFileSystem } from "./file-system.ts";
import { temporaryDirectory } from "./journal.cases.ts";

const alive = (...processes: readonly ProcessIdentity[]): FindProcess => {
  return async (pid) => processes.find((one) => one.pid === pid);
};
const first: ProcessIdentity = { pid: 11, started: "500", boot: "b" };
const second: ProcessIdentity = { pid: 12, started: "900", boot: "b" };

test("a second process is refused with the pid of the first, until that one leaves", async () => {
  const directory = await temporaryDirectory();
  const unlock = await lockDirectory(nodeFileSystem, directory, first, alive(first, second));
  await expect(lockDirectory(nodeFileSystem, directory, second, alive(first, second))).rejects.toMatchObject({
    code: "startup",
    message: `data directory ${directory} is in use by pid 11; stop that process or choose another directory with --data`,
  });
  await unlock();
  await lockDirectory(nodeFileSystem, directory, second, alive(first, second));
});

test("what a dead process left is taken over", async () => {
  const directory = await temporaryDirectory();
  await lockDirectory(nodeFileSystem, directory, first, alive(first));
  const unlock = await lockDirectory(nodeFileSystem, directory, second, alive(second));
  expect(await readdir(join(directory, "lock"))).toHaveLength(1);
  await unlock();
  expect(await readdir(join(directory, "lock"))).toEqual([]);
});

test.each([
  ["start time", { ...first, started: "501" }],
  ["boot", { ...first, boot: "c" }],
])("a pid that was given to someone else, told by its %s, does not hold the directory", async (_, reborn) => {
  const directory = await temporaryDirectory();
  await lockDirectory(nodeFileSystem, directory, first, alive(first));
  await lockDirectory(nodeFileSystem, directory, second, alive(reborn, second));
});

test("a lock that a power cut left empty does not hold the directory", async () => {
  const directory = await temporaryDirectory();
  const unlock = await lockDirectory(nodeFileSystem, directory, first, alive(first));
  await unlock();
  await writeFile(join(directory, "lock", "7"), "");
  await lockDirectory(nodeFileSystem, directory, second, alive(second));
  expect(await readdir(join(directory, "lock"))).toEqual(["8"]);
});

test("of many that start at once on a dead one's directory, at most one gets it", async () => {
  for (let round = 0; round < 10; round++) {
    const directory = await temporaryDirectory();
    await lockDirectory(nodeFileSystem, directory, first, alive());
    const starting = Array.from({ length: 8 }, (_, index) => ({ pid: 100 + index, started: "1", boot: "b" }));
    const outcomes = await Promise.allSettled(
      starting.map((self) => lockDirectory(nodeFileSystem, directory, self, alive(...starting))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
  }
});

test("finds itself, with the same identity each time, and nobody under a pid that is not given", async () => {
  const self = await findProcess(process.pid);
  expect(self).toMatchObject({ pid: process.pid });
  expect(await findProcess(process.pid)).toEqual(self);
  expect(await findProcess(2 ** 22 + 1)).toBeUndefined();
});

// In a container nobody may ask for the end of an orphan: it would hold its name for ever.
test.runIf(process.platform === "linux")("what ended and was not asked about by its parent is nobody", async () => {
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
    await expect.poll(() => findProcess(pid)).toBeUndefined();
    expect(() => process.kill(pid, 0)).not.toThrow();
  } finally {
    parent.kill();
  }
});
