/**
 * Finds out what the journal holds when it is opened: sealed segments from their sidecars, the newest by reading it. A torn
 * tail is what a crash leaves and is cut off; damage further up is reported and stepped over. Offsets are never given anew.
 */
import { join } from "node:path";
import { Fault } from "@rondo/core";
import { BatchIndex } from "./batch-index.ts";
import { errorCode, sizeOf } from "./file-system.ts";
import { type JournalFiles, scanSegment } from "./scan-segment.ts";
import { indexName, logName, numberOf, type Opening, Positions, type Segment } from "./segment.ts";
import { readIndex, readSummary } from "./sidecar.ts";

/** What there is. */
export interface Recovered {
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** Indexes of those that have no sidecar yet, by segment number; the newest is always among them. */
  readonly indexes: ReadonlyMap<number, BatchIndex>;
  /** Where every stream stands. */
  readonly positions: Positions;
  /** The highest number that any file has; 0 when there is none. */
  readonly highestNumber: number;
  /** Whether the newest segment may be written on. */
  readonly continuable: boolean;
}

interface Kept {
  readonly segment: Segment;
  /** Whether its opening frame is known; without it, where its streams start follows from the segment before. */
  readonly opened: boolean;
  /** Undefined when it stands in a sidecar. */
  readonly index: BatchIndex | undefined;
}

// A file whose making was interrupted holds a part of its opening frame at most.
const LARGEST_OPENING = 2 << 20;

/** Reads the journal's directory. Throws the system's errors. */
export async function recover(settings: JournalFiles): Promise<Recovered> {
  const { fs, directory } = settings;
  const names = await fs.list(directory);
  const numbers = names.flatMap((name) => numberOf(name) ?? []).sort((a, b) => b - a);
  const kept: Kept[] = [];
  let follower: Opening | undefined;
  for (const number of numbers) {
    const expected = follower?.previous ?? undefined;
    if (expected !== undefined && number > expected.number) {
      await discard(settings, number, "the file after it does not follow it");
      continue;
    }
    const limit = expected?.number === number ? expected.end : undefined;
    const found = await examine(settings, number, limit, kept.length === 0);
    if (found === undefined) continue;
    kept.push(found);
    follower = found.opened ? found.segment : undefined;
  }
  kept.reverse();
  // Only damage to an opening frame leads here: its content is that of the segment before, read to its end.
  for (const [place, { segment, opened }] of kept.entries()) {
    const before = kept[place - 1];
    if (opened || before === undefined) continue;
    const index = before.index ?? (await readIndex(fs, join(directory, indexName(before.segment.number))));
    for (const [stream, next, timestamp] of endsOf(before.segment, index)) segment.starts.move(stream, next, timestamp);
  }
  const newest = kept.at(-1);
  const positions = new Positions();
  if (newest !== undefined) {
    for (const [stream, next, timestamp] of endsOf(newest.segment, newest.index))
      positions.move(stream, next, timestamp);
  }
  return {
    segments: kept.map(({ segment }) => segment),
    indexes: new Map(kept.flatMap(({ segment, index }) => (index === undefined ? [] : [[segment.number, index]]))),
    positions,
    highestNumber: numbers[0] ?? 0,
    continuable: newest?.opened === true,
  };
}

/** What a file is; undefined when nothing of it counts. The newest is always read, others when they have no sidecar. */
async function examine(
  settings: JournalFiles,
  number: number,
  limit: number | undefined,
  newest: boolean,
): Promise<Kept | undefined> {
  try {
    const sidecar = newest ? undefined : await summaryOf(settings, number, limit);
    if (sidecar !== undefined) return { segment: sidecar, opened: true, index: undefined };
    const scanned = await scanSegment(settings, number, limit);
    if (scanned !== undefined) return scanned;
  } catch (thrown) {
    // Beside a running process: its retention was faster.
    if (settings.readOnly && errorCode(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
  const path = join(settings.directory, logName(number));
  if (limit === undefined && (await sizeOf(settings.fs, path)) <= LARGEST_OPENING) {
    await discard(settings, number, "a crash interrupted its making");
    return undefined;
  }
  // Kept, without content, until it is as old as retention lets a file become: someone may want to look into it.
  settings.onCorrupt(
    new Fault(
      "corrupt",
      `${path}: nothing in it is what was written; all of it is skipped; rondo data check says what is lost`,
    ),
  );
  const empty = { previous: null, starts: new Positions(), firstTimestamp: 0, lastTimestamp: 0 };
  return { segment: { ...empty, number, end: limit ?? 0 }, opened: false, index: new BatchIndex() };
}

/** Where every stream stands at the end of a segment: [stream, next offset, newest timestamp]. */
function endsOf(segment: Segment, index: BatchIndex | undefined): readonly (readonly [number, number, number])[] {
  const starts = segment.starts.pairs();
  const known = Array.from(
    { length: starts.length / 2 },
    (_, stream) => [stream, segment.starts.next(stream), segment.starts.timestamp(stream)] as const,
  );
  return [...known, ...(index?.ends() ?? [])];
}

async function summaryOf(
  { fs, directory, log }: JournalFiles,
  number: number,
  limit: number | undefined,
): Promise<Segment | undefined> {
  const summary = await readSummary(fs, join(directory, indexName(number)));
  // A sidecar with another end was made before the segment was opened once more and grew.
  if (summary === undefined || summary.number !== number || summary.end !== (limit ?? summary.end)) return undefined;
  const path = join(directory, logName(number));
  const size = await sizeOf(fs, path);
  if (size >= summary.end) return summary;
  log.error(`${path} has ${size} B and should have ${summary.end}; reading what is left of it`);
  return undefined;
}

async function discard({ fs, directory, log, readOnly }: JournalFiles, number: number, why: string): Promise<void> {
  if (readOnly) return;
  const path = join(directory, logName(number));
  log.warn(`${path} is removed: ${why}, so that nothing in it was ever acknowledged`);
  await fs.unlink(path);
  await fs.unlink(join(directory, indexName(number))).catch(() => undefined);
}
