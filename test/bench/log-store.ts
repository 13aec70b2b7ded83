/**
 * What a megabyte costs in the log: appended files with a group fdatasync (the embedded broker) against LMDB with a
 * transaction per group, at the sizes that records have under light and heavy load. Prints a table for docs/performance.md.
 *
 *   node --conditions=source test/bench/log-store.ts [MEGABYTES, default 400]
 *
 * Every record is read once when it is durable, as a pipeline that keeps up does. Each figure is the median of three
 * processes. CPU is user and system time of all threads from the first append to the last; memory is what /proc says then,
 * anonymous pages and mapped ones apart, with that of the process before the first append in brackets. The values come
 * from a small pool, so that the garbage of their producers is in neither.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openEmbedded } from "@rondo/broker/embedded";
import { silentLog, systemClock } from "@rondo/core";

const STORES = ["files", "lmdb"] as const;
type StoreName = (typeof STORES)[number];

/** Appends that are under way at once, as many producers make them. */
const PRODUCERS = 16;

interface Figures {
  readonly cpuMs: number;
  readonly seconds: number;
  readonly anonymousMb: number;
  readonly mappedMb: number;
  readonly anonymousBeforeMb: number;
  readonly mappedBeforeMb: number;
}

interface Store {
  /** Appends a record, and when it is durable reads it. */
  pass(value: Buffer): Promise<void>;
  close(): Promise<void>;
}

const OPEN: Readonly<Record<StoreName, (directory: string) => Promise<Store>>> = {
  async files(directory) {
    const broker = await openEmbedded({ directory, clock: systemClock, log: silentLog });
    await broker.ensureTopics([{ name: "t", partitions: 4 }]);
    let next = 0;
    return {
      async pass(value) {
        const partition = next++ % 4;
        const { baseOffset } = await broker.append("t", partition, [
          { headers: { tenant: "default", items: "100" }, value },
        ]);
        check((await broker.read("t", partition, baseOffset, 1))[0]?.value, value);
      },
      close: () => broker.close(),
    };
  },
  async lmdb(directory) {
    const { open } = await import("lmdb");
    const db = open<Buffer, number>({ path: directory, overlappingSync: false, encoding: "binary", cache: false });
    let next = 0;
    return {
      async pass(value) {
        const key = next++;
        // Puts of one turn share a transaction, as the broker's appends share a sync.
        await db.put(key, value);
        check(db.get(key), value);
      },
      close: () => db.close(),
    };
  },
};

function check(read: Uint8Array | undefined, written: Buffer): void {
  if (read?.length !== written.length || read[0] !== written[0])
    throw new Error("what was read is not what was written");
}

async function measure(name: StoreName, recordBytes: number, megabytes: number): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), "rondo-log-store-"));
  try {
    const store = await OPEN[name](directory);
    const pool = Array.from({ length: PRODUCERS * 4 }, (_, index) => Buffer.alloc(recordBytes, index));
    let left = Math.ceil((megabytes * 1e6) / recordBytes);
    const memoryBefore = await residentMb();
    const started = performance.now();
    const before = process.cpuUsage();
    const producer = async () => {
      while (left-- > 0) await store.pass(pool[left % pool.length] ?? Buffer.of());
    };
    await Promise.all(Array.from({ length: PRODUCERS }, producer));
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - started) / 1000;
    const memory = await residentMb();
    await store.close();
    return {
      cpuMs: (user + system) / 1000,
      seconds,
      anonymousMb: memory.anonymous,
      mappedMb: memory.mapped,
      anonymousBeforeMb: memoryBefore.anonymous,
      mappedBeforeMb: memoryBefore.mapped,
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function residentMb(): Promise<{ readonly anonymous: number; readonly mapped: number }> {
  const status = await readFile("/proc/self/status", "utf8");
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0) / 1000;
  return { anonymous: megabytes("RssAnon"), mapped: megabytes("RssFile") };
}

const [first = "400", recordBytes = "", megabytes = ""] = process.argv.slice(2);
const chosen = STORES.find((name) => name === first);
if (chosen !== undefined) {
  process.stdout.write(JSON.stringify(await measure(chosen, Number(recordBytes), Number(megabytes))));
} else {
  const lines = ["| records | store | CPU ms/MB | MB/s | anonymous MB | mapped MB |", "|---|---|---|---|---|---|"];
  const total = Number(first);
  for (const bytes of [30_000, 300_000]) {
    for (const name of STORES) {
      const child = [...process.execArgv, fileURLToPath(import.meta.url), name, String(bytes), first];
      const runs = Array.from({ length: 3 }, () => {
        // Printed by this very file in the child process.
        return JSON.parse(execFileSync(process.execPath, child, { encoding: "utf8" })) as Figures;
      }).sort((a, b) => a.cpuMs - b.cpuMs);
      const run = runs[1];
      if (run === undefined) continue;
      const { cpuMs, seconds, anonymousMb, anonymousBeforeMb, mappedMb, mappedBeforeMb } = run;
      const cells = [
        (cpuMs / total).toFixed(2),
        (total / seconds).toFixed(0),
        `${anonymousMb.toFixed(0)} (${anonymousBeforeMb.toFixed(0)})`,
        `${mappedMb.toFixed(0)} (${mappedBeforeMb.toFixed(0)})`,
      ];
      lines.push(`| ${bytes / 1000} kB | ${name} | ${cells.join(" | ")} |`);
    }
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}
