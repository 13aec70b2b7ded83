/**
 * Windows on this machine: every append is a record of its own in an LMDB, named by the place in its slot where it begins, so
 * that a slot that grows is never written again. One process holds it, and everything in that process shares one of these.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { escapeName } from "@rondo/broker";
import { nodeFileSystem, openStore, type Store, storeHeadProblem } from "@rondo/broker/embedded";
import { type Clock, Fault, type Log, silentLog } from "@rondo/core";
import { SLOT_MS } from "../slot.ts";
import type { PartitionMark, SlotKey, WindowStore } from "../store.ts";

/** How windows are kept on this machine. */
export interface EmbeddedWindowsOptions {
  /** A folder of its own; made when there is none. */
  readonly directory: string;
  readonly clock: Clock;
  /** Hears of windows that had to be thrown away; nobody does when it is absent. */
  readonly log?: Log;
}

// Keys: `m/` a partition's mark, `i/` the length of a slot, `b/` what was appended to it.

/** Times and offsets as text that sorts as they do. */
const padded = (value: number) => String(value).padStart(15, "0");
const markKey = (partition: number) => `m/${partition}`;
/** The index holds the length of each slot, so that nothing has to be read to know what there is. */
const indexPrefix = (tenant: string, partition: number) => `i/${escapeName(tenant)}/${partition}/`;
const indexKey = ({ tenant, partition, slot }: SlotKey) => indexPrefix(tenant, partition) + padded(slot);
/** What was appended to the slot of an index key stands under this and the place where it begins. */
const blockPrefix = (index: string) => `b${index.slice(1)}/`;

/** Opens the windows in a folder. Throws a Fault `startup` when that cannot be done. */
export async function openEmbeddedWindows({
  directory,
  clock,
  log = silentLog,
}: EmbeddedWindowsOptions): Promise<WindowStore> {
  const store = await openedStore(directory, log);
  let closed = false;
  const open = () => {
    if (closed) throw new Fault("aborted", "the windows are closed");
    return store;
  };

  return {
    async write({ partition, from, to, appends, watermark, warming, keeps }) {
      let stands: number | undefined;
      await open().write((read) => {
        const mark = markOf(read(markKey(partition)));
        stands = mark?.next;
        // Decided within the transaction: nothing else is written between this look and the write.
        if (stands !== from) return [];
        const epoch = mark?.epoch ?? String(clock.now());
        const after: PartitionMark = { next: to, watermark, warming, keeps, epoch };
        const writes = new Map<string, Uint8Array>([[markKey(partition), Buffer.from(JSON.stringify(after))]]);
        for (const { block, ...key } of appends) {
          const index = indexKey(key);
          // A write may append to a slot more than once, and the store does not know of the first yet.
          const at = lengthOf(writes.get(index) ?? read(index));
          writes.set(blockPrefix(index) + padded(at), block);
          writes.set(index, Buffer.from(String(at + block.length)));
        }
        return [...writes].map(([name, value]) => ({ key: name, value }));
      });
      return stands === from ? { applied: true } : { applied: false, next: stands };
    },
    async mark(partition) {
      return markOf(open().get(markKey(partition)));
    },
    async slots(tenant, partition, from) {
      return open()
        .list(indexPrefix(tenant, partition))
        .map(([key, value]) => ({ slot: slotOf(key), bytes: lengthOf(value) }))
        .filter(({ slot }) => slot >= from);
    },
    async read(key, offset, maxBytes) {
      const prefix = blockPrefix(indexKey(key));
      const found: Uint8Array[] = [];
      // Reads end where appends do, so each finds the next by its name.
      for (let at = offset, room = maxBytes; room > 0; ) {
        const block = open().get(prefix + padded(at)) ?? within(store, prefix, at);
        if (block === undefined) break;
        found.push(block.subarray(0, room));
        at += block.length;
        room -= block.length;
      }
      return found.length === 1 && found[0] !== undefined ? found[0] : Buffer.concat(found);
    },
    async expire(before) {
      for (const [index] of open().list("i/")) {
        if (slotOf(index) + SLOT_MS > before) continue;
        const blocks = store.list(blockPrefix(index)).map(([key]) => key);
        await store.write(() => [index, ...blocks].map((key) => ({ key, value: null })));
      }
    },
    async close() {
      closed = true;
      await store.close();
    },
  };
}

async function openedStore(directory: string, log: Log): Promise<Store> {
  try {
    await mkdir(directory, { recursive: true });
    await removeDamaged(directory, log);
    return openStore({ directory, readOnly: false });
  } catch (thrown) {
    const reason = Fault.from(thrown).message;
    throw new Fault(
      "startup",
      `the windows in ${directory} cannot be opened: ${reason}; they may be deleted, and are then filled again`,
      { cause: thrown },
    );
  }
}

/** LMDB would end the process over a file that is none of its own; windows are filled again from the log. */
async function removeDamaged(directory: string, log: Log): Promise<void> {
  const path = join(directory, "data.mdb");
  const problem = await storeHeadProblem(nodeFileSystem, path);
  if (problem === undefined) return;
  await rm(path);
  log.warn(`the windows in ${path} were removed: ${problem}; they are filled again`);
}

/** The rest of an append from a place inside it, where an earlier read ran out of room. */
function within(store: Store, prefix: string, at: number): Uint8Array | undefined {
  for (const [key, block] of store.list(prefix)) {
    const begins = Number(key.slice(prefix.length));
    if (begins < at && at < begins + block.length) return block.subarray(at - begins);
  }
  return undefined;
}

/** The slot that an index key is of. */
function slotOf(index: string): number {
  return Number(index.slice(index.lastIndexOf("/") + 1));
}

/** The length of a slot as the index has it; 0 for a slot that there is not. */
function lengthOf(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Number(Buffer.from(value).toString());
}

function markOf(value: Uint8Array | undefined): PartitionMark | undefined {
  if (value === undefined) return undefined;
  // Written by `write` above. JSON has no infinity: a watermark that is none stands as null.
  const mark = JSON.parse(Buffer.from(value).toString()) as Omit<PartitionMark, "watermark"> & {
    readonly watermark: number | null;
  };
  return { ...mark, watermark: mark.watermark ?? Number.NEGATIVE_INFINITY };
}
