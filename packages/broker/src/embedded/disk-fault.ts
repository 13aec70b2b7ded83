/** What the system's errors mean to whoever wanted something from the disk. One table, used for files and for LMDB. */
import { Fault, type FaultCode } from "@rondo/core";
import { errorCode } from "./file-system.ts";

interface Meaning {
  readonly code: FaultCode;
  readonly advice: string;
}

const FULL: Meaning = { code: "disk_full", advice: "no room is left; free some, and writing goes on by itself" };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
  EMFILE: { code: "unavailable", advice: "too many files are open; raise the limit (ulimit -n)" },
  ENFILE: { code: "unavailable", advice: "too many files are open on this machine" },
  EROFS: {
    code: "unavailable",
    advice: "it has become read-only, as a file system does after an error of its device; look into the kernel's log",
  },
  ENOENT: { code: "unavailable", advice: "a file or folder of it was removed under the running process; restart it" },
  EIO: { code: "unavailable", advice: "the device reports an error; look into the kernel's log" },
};

/** A Fault for a failed read or write below `directory`; a Fault stays itself. What is not in the table is `unavailable`. */
export function diskFault(thrown: unknown, directory: string): Fault {
  if (thrown instanceof Fault) return thrown;
  const code = errorCode(thrown);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault(
    meaning?.code ?? "unavailable",
    meaning === undefined ? `${directory}: ${message}` : `${directory}: ${meaning.advice} (${code})`,
    { cause: thrown },
  );
}
