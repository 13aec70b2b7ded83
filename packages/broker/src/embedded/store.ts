/**
 * The small durable facts of the embedded broker – topics, groups, commits, `rondo.state` – in one LMDB. Writes that arrive
 * while a transaction runs share the next one. Only this process writes, so that what a decision read is still true when
 * its writes are committed.
 */

import { statfs } from "node:fs/promises";
import { getSystemErrorName } from "node:util";
import { Fault } from "@rondo/core";
import { open, type RootDatabase } from "lmdb";
import type { StateStore, StateWrite } from "../state.ts";
import { diskFault } from "./disk-fault.ts";
import { errorCode } from "./file-system.ts";

/** Reads a key as it will stand when the deciding write is made. */
export type Read = (key: string) => Uint8Array | undefined;

/** Facts by key, any number of writers in this process. */
export interface Store {
  get(key: string): Uint8Array | undefined;
  /** Every key that begins with `prefix`, in byte order. */
  list(prefix: string): readonly (readonly [key: string, value: Uint8Array])[];
  /**
   * Runs `decide` when its turn comes and commits what it returns, in one transaction. Durable when it resolves.
   * When `decide` throws, that is the rejection, and nothing is written. Rejects with `disk_full` or `unavailable`.
   */
  write(decide: (read: Read) => readonly StateWrite[]): Promise<void>;
  /** Waits for writes under way, refuses new ones. */
  close(): Promise<void>;
}

/** What a store is opened with. */
export interface StoreOptions {
  readonly directory: string;
  readonly readOnly: boolean;
}

interface Waiting {
  readonly decide: (read: Read) => readonly StateWrite[];
  readonly resolve: () => void;
  readonly reject: (fault: Error) => void;
}

const KEY_BYTES = 512;
// Writers wait for their own writes; this many at once means that something writes without waiting.
const MAX_WAITING = 100_000;
const MAX_GROUP = 4096;

/**
 * Opens the LMDB in `directory`, making it unless `readOnly`. Throws what LMDB throws. It always syncs: its pages have no
 * checksums, and one that lost some in a power cut is not a shorter LMDB but a broken one, which ends the process that reads it.
 */
export function openStore({ directory, readOnly }: StoreOptions): Store {
  const db: RootDatabase<Buffer, Buffer> = open({
    path: directory,
    // Durable when a write resolves. The default, `overlappingSync`, leaves the last transactions to be judged after a crash
    // by a boot id, which containers and restored disks do not keep.
    overlappingSync: false,
    // Writes are grouped here. LMDB's own grouping makes promises that nobody holds, and when the disk is full their rejection
    // would end the process.
    eventTurnBatching: false,
    readOnly,
    encoding: "binary",
    keyEncoding: "binary",
    cache: false,
    maxDbs: 1,
    noSubdir: false,
  });
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  const get = (key: string): Uint8Array | undefined => {
    const value = db.get(Buffer.from(key));
    return value === undefined ? undefined : new Uint8Array(value);
  };

  const commit = async (group: readonly Waiting[]) => {
    const overlay = new Map<string, Uint8Array | null>();
    const read = (key: string) => {
      const over = overlay.get(key);
      return over === undefined ? get(key) : (over ?? undefined);
    };
    const decided: Waiting[] = [];
    for (const one of group) {
      try {
        const writes = one.decide(read);
        for (const { key, value } of writes) overlay.set(key, value);
        decided.push(one);
      } catch (thrown) {
        one.reject(Fault.from(thrown));
      }
    }
    try {
      if (overlay.size > 0) {
        // Not tried at all: a write that fails half-way has been seen to leave LMDB's own memory damaged.
        if (await hasNoRoom(directory, bytesOf(overlay))) throw new DiskFull();
        await transaction(db, overlay);
      }
      for (const { resolve } of decided) resolve();
    } catch (thrown) {
      const fault = diskFault((await isFull(thrown, directory)) ? new DiskFull(thrown) : thrown, directory);
      for (const { reject } of decided) reject(fault);
    }
  };

  const run = async () => {
    // Gives the writes of this tick the chance to share the first transaction.
    await Promise.resolve();
    while (waiting.length > 0) {
      const group = waiting.slice(0, MAX_GROUP);
      waiting = waiting.slice(MAX_GROUP);
      await commit(group);
    }
    running = undefined;
  };

  return {
    get,
    list(prefix) {
      const start = Buffer.from(prefix);
      const found: (readonly [string, Uint8Array])[] = [];
      for (const { key, value } of db.getRange({ start })) {
        if (!start.equals(key.subarray(0, start.length))) break;
        found.push([key.toString(), new Uint8Array(value)]);
      }
      return found;
    },
    write(decide) {
      return new Promise((resolve, reject) => {
        if (closed) throw new Fault("aborted", "the log is closed");
        if (readOnly) throw new Fault("unsupported", "the data directory was opened for reading only");
        if (waiting.length >= MAX_WAITING) {
          throw new Fault("unavailable", `${MAX_WAITING} writes wait in ${directory}: the disk is too slow`);
        }
        waiting.push({ decide, resolve, reject });
        running ??= run();
      });
    },
    async close() {
      closed = true;
      await running;
      await db.close();
    },
  };
}

async function transaction(db: RootDatabase<Buffer, Buffer>, writes: ReadonlyMap<string, Uint8Array | null>) {
  const each: Promise<boolean>[] = [];
  const whole = db.batch(() => {
    for (const [key, value] of writes) {
      each.push(value === null ? db.remove(Buffer.from(key)) : db.put(Buffer.from(key), asBuffer(value)));
    }
  });
  // Every write has a promise of its own beside that of the whole; a failure is answered once, below.
  for (const one of each) one.catch(() => undefined);
  try {
    await whole;
  } catch (thrown) {
    throw await commitError(thrown);
  }
}

/**
 * What made a transaction fail. LMDB rejects with a general error and puts the cause into a second promise, `commitError`,
 * that rejects a little later and would end the process if nobody looked at it.
 */
async function commitError(thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Error) || !("commitError" in thrown)) return thrown;
  try {
    await thrown.commitError;
    return thrown;
  } catch (cause) {
    return Object.assign(new Error(String(cause), { cause }), { code: nameOf(cause) ?? "" });
  }
}

// Below this a disk counts as full for LMDB, which writes pages and a few more than it was given.
const FULL_BELOW = 1 << 20;
const PAGE = 4096;

/** Whether an input/output error is LMDB's word for a write that the disk took only in part, because it is full. */
async function isFull(thrown: unknown, directory: string): Promise<boolean> {
  return errorCode(thrown) === "EIO" && (await hasNoRoom(directory));
}

/** What a transaction may write: its values, and for each a page that is written anew. */
function bytesOf(writes: ReadonlyMap<string, Uint8Array | null>): number {
  let bytes = 0;
  for (const value of writes.values()) bytes += PAGE + (value?.length ?? 0);
  return bytes;
}

async function hasNoRoom(directory: string, needed = 0): Promise<boolean> {
  // A device that fails to write may fail to say how full it is; whoever waits for the write gets the first error.
  const free = await statfs(directory).catch(() => undefined);
  return free !== undefined && free.bavail * free.bsize < FULL_BELOW + needed;
}

class DiskFull extends Error {
  readonly code = "ENOSPC";
  constructor(cause?: unknown) {
    super("no space left on device", { cause });
  }
}

/** LMDB gives the system's number of an error, everybody else its name. */
function nameOf(cause: unknown): string | undefined {
  const number = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof number === "number" && number > 0 ? getSystemErrorName(-number) : undefined;
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** `rondo.state` as the part of a store whose keys begin with `prefix`. */
export function stateStore(store: Store, prefix: string): StateStore {
  return {
    async get(key) {
      return store.get(prefix + key);
    },
    async list(wanted) {
      return store.list(prefix + wanted).map(([key, value]) => [key.slice(prefix.length), value] as const);
    },
    async put(writes) {
      await store.write(() => prefixedWrites(prefix, writes));
    },
    async putFirst(key, value) {
      let stands: Uint8Array = value;
      await store.write((read) => {
        const first = read(prefix + key);
        stands = first ?? value;
        return first === undefined ? prefixedWrites(prefix, [{ key, value }]) : [];
      });
      return stands;
    },
  };
}

/** The writes as they stand in the store. Throws `bug` for a key that is empty or longer than the interface allows. */
export function prefixedWrites(prefix: string, writes: readonly StateWrite[]): readonly StateWrite[] {
  return writes.map(({ key, value }) => {
    const bytes = Buffer.byteLength(key);
    if (bytes === 0 || bytes > KEY_BYTES)
      throw new Fault("bug", `a state key of ${bytes} B; 1 to ${KEY_BYTES} are allowed`);
    return { key: prefix + key, value };
  });
}
