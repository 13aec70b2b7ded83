/** The data directory: made, checked for its version and locked, with one clear sentence for each way in which it cannot be used. */

import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { type Clock, Fault } from "@rondo/core";
import { type FindProcess, lockDirectory, type Unlock } from "./directory-lock.ts";
import { errorCode, type FileSystem } from "./file-system.ts";

/** The version of the layout of a data directory that this build reads and writes. */
const VERSION = 1;

/** A data directory that may be used. */
export interface DataDirectory {
  readonly journal: string;
  readonly state: string;
  /** Where the CRCs of this directory's frames start; see frame.ts. */
  readonly salt: number;
  /** Gives it free; never rejects. */
  readonly unlock: Unlock;
}

/** How a data directory is opened. */
export interface DirectoryOptions {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly readOnly: boolean;
  readonly clock: Clock;
  readonly findProcess: FindProcess;
}

const PERMISSION =
  "it may not be read and written by this user; change its owner or choose another directory with --data";

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: "it is on a file system that is mounted read-only; choose another directory with --data",
  ENOTDIR: "it is not a directory, or a part of its path is none; choose another directory with --data",
  EEXIST: "there is a file of that name; choose another directory with --data",
  ENOSPC: "no room is left on its disk; free some, or choose another directory with --data",
  EDQUOT: "its quota is used up; free some room, or choose another directory with --data",
};

/** A `startup` Fault for anything thrown while a data directory is opened; a Fault stays itself. */
export function startupFault(directory: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const code = errorCode(thrown) ?? "";
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault("startup", `data directory ${directory}: ${ADVICE[code] ?? message}`, { cause: thrown });
}

/** Makes, checks and locks a data directory; with `readOnly` it must be there and is not locked. Throws `startup`. */
export async function openDirectory(options: DirectoryOptions): Promise<DataDirectory> {
  const { fs, directory, readOnly } = options;
  const places = { journal: join(directory, "journal"), state: join(directory, "state") };
  let unlock: Unlock = async () => undefined;
  try {
    if (readOnly) return { ...places, salt: await readVersion(fs, directory), unlock };
    await fs.makeDirectory(directory);
    // Its own name must survive a power cut; a parent that may not be opened is left to the file system.
    await fs.syncDirectory(dirname(resolve(directory))).catch(() => undefined);
    const self = (await options.findProcess(process.pid)) ?? { pid: process.pid, started: "", boot: "" };
    unlock = await lockDirectory(fs, directory, self, options.findProcess);
    await fs.makeDirectory(places.journal);
    await fs.makeDirectory(places.state);
    if (!(await fs.list(directory)).includes("version")) await writeVersion(options);
    return { ...places, salt: await readVersion(fs, directory), unlock };
  } catch (thrown) {
    await unlock();
    throw startupFault(directory, thrown);
  }
}

/** The salt of a data directory. Throws a `startup` Fault for one that is none or of another version. */
export async function readVersion(fs: FileSystem, directory: string): Promise<number> {
  const bytes = Buffer.alloc(256);
  let length: number;
  try {
    const file = await fs.open(join(directory, "version"), "read");
    try {
      length = await file.read(bytes, 0);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (errorCode(thrown) !== "ENOENT") throw thrown;
    throw new Fault("startup", `data directory ${directory} holds no data of Rondo; check --data`);
  }
  const text = bytes.toString("utf8", 0, length).trim();
  const found = /^rondo data (\d+) salt ([0-9a-f]{8})$/.exec(text);
  if (found === null || Number(found[1]) !== VERSION) {
    throw new Fault(
      "startup",
      `data directory ${directory} says "${text.slice(0, 40)}", this build reads version ${VERSION}: run the build that wrote it, or choose another directory with --data`,
    );
  }
  return Number.parseInt(found[2] ?? "", 16);
}

async function writeVersion({ fs, directory, clock }: DirectoryOptions): Promise<void> {
  // Not a secret, only not to be guessed by who sends telemetry: the instant at which the directory was made, to the microsecond.
  const instant = `${directory} ${clock.now()} ${clock.monotonic()} ${process.pid}`;
  const salt = createHash("sha256").update(instant).digest("hex").slice(0, 8);
  const passing = join(directory, "version.new");
  await fs.unlink(passing).catch(() => undefined);
  const file = await fs.open(passing, "create");
  try {
    await file.writev([Buffer.from(`rondo data ${VERSION} salt ${salt}\n`)], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await fs.rename(passing, join(directory, "version"));
  await fs.syncDirectory(directory);
}
