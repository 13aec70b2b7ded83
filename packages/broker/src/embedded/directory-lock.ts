/**
 * One process per data directory. The holder is named by a file `lock/<n>` with its pid, its start time and the boot that
 * it belongs to, so that neither a kill −9 nor a pid that was given to someone else keeps the directory shut. A successor
 * takes the next number; two successors want the same one, and the file system gives it to one of them.
 * Processes that do not see each other's pids (two containers on one volume) are not kept apart.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@rondo/core";
import { errorCode, type FileSystem } from "./file-system.ts";

/** Who a process is. `started` and `boot` are empty where the system does not say. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Its start time in clock ticks since boot, from /proc. */
  readonly started: string;
  readonly boot: string;
}

/** Looks a process up; undefined when there is none with this pid, or only what its parent has not asked about yet. */
export type FindProcess = (pid: number) => Promise<ProcessIdentity | undefined>;

/** Looks a process up on this machine. */
export const findProcess: FindProcess = async (pid) => {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if (errorCode(thrown) === "ESRCH") return undefined;
  }
  const text = (path: string) => readFile(path, "utf8").catch(() => "");
  const stat = await text(`/proc/${pid}/stat`);
  // Field 22; the name of the program, field 2, stands in parentheses and may hold blanks (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, started = "", threads] = [fields[0], fields[19], Number(fields[17])];
  // Field 3 and 20: a zombie is dead when its last thread is.
  if (state === "Z" && threads <= 1) return undefined;
  return { pid, started, boot: (await text("/proc/sys/kernel/random/boot_id")).trim() };
};

/** Gives the directory free again; never rejects. */
export type Unlock = () => Promise<void>;

/**
 * Takes the directory for process `self`. Throws a `startup` Fault that names the holder when another process has it; what
 * dead ones left is taken over.
 */
export async function lockDirectory(
  fs: FileSystem,
  directory: string,
  self: ProcessIdentity,
  find: FindProcess,
): Promise<Unlock> {
  const locks = join(directory, "lock");
  await fs.makeDirectory(locks);
  const passing = join(locks, `new-${self.pid}`);
  await fs.unlink(passing).catch(() => undefined);
  try {
    const file = await fs.open(passing, "create");
    try {
      await file.writev([Buffer.from(JSON.stringify(self))], 0);
    } finally {
      await file.close();
    }
    return await take(fs, directory, passing, find);
  } finally {
    await fs.unlink(passing).catch(() => undefined);
  }
}

async function take(fs: FileSystem, directory: string, passing: string, find: FindProcess): Promise<Unlock> {
  const locks = join(directory, "lock");
  for (let attempt = 0; attempt < 10; attempt++) {
    const stale = await held(fs, locks);
    for (const number of stale) await refuseIfAlive(directory, join(locks, String(number)), find);
    const mine = Math.max(0, ...stale) + 1;
    const path = join(locks, String(mine));
    try {
      await fs.link(passing, path);
    } catch (thrown) {
      if (errorCode(thrown) === "EEXIST") continue;
      throw thrown;
    }
    const unlock = () => fs.unlink(path).catch(() => undefined);
    try {
      // Someone may have taken and left numbers in between, and someone else begun at 1 again.
      for (const number of await held(fs, locks)) {
        const other = join(locks, String(number));
        if (number === mine) continue;
        await refuseIfAlive(directory, other, find);
        await fs.unlink(other).catch(() => undefined);
      }
    } catch (thrown) {
      await unlock();
      throw thrown;
    }
    return unlock;
  }
  throw new Fault("startup", `data directory ${directory}: many processes start on it at once; start one`);
}

/** The pid of the living process that has the directory; undefined when none has. Throws the system's errors. */
export async function holderOf(fs: FileSystem, directory: string, find: FindProcess): Promise<number | undefined> {
  const locks = join(directory, "lock");
  const numbers = await held(fs, locks).catch((thrown: unknown) => {
    if (errorCode(thrown) === "ENOENT") return [];
    throw thrown;
  });
  for (const number of numbers) {
    const holder = await livingHolder(join(locks, String(number)), find);
    if (holder !== undefined) return holder.pid;
  }
  return undefined;
}

async function held(fs: FileSystem, locks: string): Promise<readonly number[]> {
  return (await fs.list(locks)).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function refuseIfAlive(directory: string, path: string, find: FindProcess): Promise<void> {
  const holder = await livingHolder(path, find);
  if (holder === undefined) return;
  throw new Fault(
    "startup",
    `data directory ${directory} is in use by pid ${holder.pid}; stop that process or choose another directory with --data`,
  );
}

async function livingHolder(path: string, find: FindProcess): Promise<ProcessIdentity | undefined> {
  const holder = await readHolder(path);
  const now = holder && (await find(holder.pid));
  return now !== undefined && now.started === holder?.started && now.boot === holder.boot ? holder : undefined;
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    // Written by `lockDirectory` above; linked only when it was whole.
    return JSON.parse(await readFile(path, "utf8")) as ProcessIdentity;
  } catch {
    // Gone, or torn by a power cut: in both cases its process is.
    return undefined;
  }
}
