/**
 * Looks over a whole data directory, offline or beside the process that uses it, and puts right what can be put right without
 * losing anything that was acknowledged. What `rondo data check` prints.
 */
import { join } from "node:path";
import { type Clock, Fault, type Log, silentLog } from "@rondo/core";
import { checkJournal, type StreamContent } from "./check-journal.ts";
import { seeState, stateFindings } from "./check-state.ts";
import { readVersion, startupFault } from "./data-directory.ts";
import { type FindProcess, findProcess, holderOf } from "./directory-lock.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import type { Finding, Missing } from "./finding.ts";
import { openEmbedded } from "./open-embedded.ts";
import { storeFileProblem } from "./store-file.ts";

/** How a data directory is looked over. */
export interface CheckDataOptions {
  readonly directory: string;
  readonly fs?: FileSystem;
  readonly findProcess?: FindProcess;
}

/** What is kept of a partition. */
export interface PartitionContent extends StreamContent {
  readonly topic: string;
  readonly partition: number;
  /** Offsets between `low` and `high` of which nothing is there. */
  readonly missing: number;
}

/** What was found. */
export interface DataReport {
  readonly partitions: readonly PartitionContent[];
  readonly findings: readonly Finding[];
  readonly segments: number;
  readonly bytes: number;
  /** The process that uses it now. */
  readonly usedBy: number | undefined;
  /** Files that `repairData` may remove. */
  readonly superfluous: readonly string[];
}

/** What a data directory holds beside the journal and the state. */
const OTHERS = ["version", "lock", "journal", "state", "windows", "replay"];

/**
 * Reads everything and changes nothing. Damage is a finding, never an error: throws a `startup` Fault only for a directory that
 * is none of Rondo's or cannot be read at all.
 */
export async function checkData(options: CheckDataOptions): Promise<DataReport> {
  const { directory, fs = nodeFileSystem } = options;
  try {
    const salt = await readVersion(fs, directory);
    const usedBy = await holderOf(fs, directory, options.findProcess ?? findProcess);
    const isInUse = usedBy !== undefined;
    const place = join(directory, "state");
    const state = await seeState(fs, place, isInUse);
    const journal = await checkJournal({ fs, directory: join(directory, "journal"), salt, log: silentLog, isInUse });
    // While the journal was read, groups have read on, and retention may have taken what they then had read.
    const later = isInUse ? await seeState(fs, place, isInUse) : state;
    const partitions = state.topics.flatMap((topic) =>
      Array.from({ length: topic.partitions }, (_, partition): PartitionContent => {
        const stream = topic.firstStream + partition;
        const holes = journal.missing.filter((one) => one.stream === stream);
        const missing = holes.reduce((sum, { from, to }) => sum + to - from, 0);
        const nothing: StreamContent = { low: 0, high: 0, records: 0, bytes: 0, oldest: 0, newest: 0 };
        return { ...(journal.streams.get(stream) ?? nothing), topic: topic.name, partition, missing };
      }),
    );
    const nameOf = (stream: number) => {
      const topic = state.topics.find(
        ({ firstStream, partitions: n }) => stream >= firstStream && stream < firstStream + n,
      );
      return topic === undefined ? `stream ${stream}` : `${topic.name}/${stream - topic.firstStream}`;
    };
    const findings = [
      ...(await strangers(fs, directory)),
      ...journal.findings,
      ...journal.missing.map((one) => lost(one, nameOf(one.stream))),
      ...stateFindings(place, state, later, journal.streams, isInUse),
    ];
    const windows = isInUse ? [] : await windowsFindings(fs, directory);
    const superfluous = [...journal.superfluous, ...windows.map(({ place }) => place)];
    const { segments, bytes } = journal;
    return { partitions, findings: [...findings, ...windows], segments, bytes, usedBy, superfluous };
  } catch (thrown) {
    throw startupFault(directory, thrown);
  }
}

function lost({ from, to, file }: Missing, place: string): Finding {
  return {
    kind: "damage",
    place,
    message: `records ${from} to ${to - 1} should stand in ${file} and do not: they are lost, unless a copy of that file has them`,
  };
}

/** Windows are made of what the log holds: they are the only part that may be removed. */
async function windowsFindings(fs: FileSystem, directory: string): Promise<readonly Finding[]> {
  const place = join(directory, "windows", "data.mdb");
  const problem = await storeFileProblem(fs, place);
  const message = `cannot be read: ${problem}; --repair removes it, and it is filled again from the log`;
  return problem === undefined ? [] : [{ kind: "repairable", place, message }];
}

async function strangers(fs: FileSystem, directory: string): Promise<readonly Finding[]> {
  return (await fs.list(directory))
    .filter((name) => !OTHERS.includes(name))
    .map((name) => ({
      kind: "note",
      place: join(directory, name),
      message:
        name === "version.new"
          ? "is left of the making of this directory and does no harm"
          : "is no file of Rondo's; it is left alone",
    }));
}

/**
 * Does what a start does – cuts off what a crash interrupted, removes files that never counted – and makes indexes again that
 * are wrong. Nothing that a reader could still get is removed. Answers a line for each change, as the log would have them. Throws
 * a `startup` Fault while a process uses the directory, and where the next start would throw one.
 */
export async function repairData(options: CheckDataOptions & { readonly clock: Clock }): Promise<readonly string[]> {
  const { directory, clock, fs = nodeFileSystem } = options;
  const before = await checkData(options);
  if (before.usedBy !== undefined) {
    throw new Fault(
      "startup",
      `data directory ${directory} is in use by pid ${before.usedBy}; stop that process to repair it`,
    );
  }
  const lines: string[] = [];
  for (const path of before.superfluous) {
    await fs.unlink(path);
    lines.push(`${path} is removed; it is made again where it is needed`);
  }
  const say = (message: string) => lines.push(message);
  const log: Log = { ...silentLog, warn: say };
  // Not for a moment is anything past its retention: whoever repairs may want to read what is left.
  const retentionMs = Number.MAX_SAFE_INTEGER;
  const broker = await openEmbedded({ ...options, clock, log, retentionMs });
  await broker.close();
  return lines;
}
