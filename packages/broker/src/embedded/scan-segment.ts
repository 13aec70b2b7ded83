/** Reads one segment from end to end: its opening, its index, where it ends, and what is damaged in it. */

import { join } from "node:path";
import { Fault, type Log } from "@rondo/core";
import { BatchIndex } from "./batch-index.ts";
import type { FileSystem } from "./file-system.ts";
import type { FrameHeader } from "./frame.ts";
import { scanFrames } from "./scan-frames.ts";
import { decodeOpening, logName, type Opening, Positions, type Segment } from "./segment.ts";

/** Where a journal stands and how it may be treated. */
export interface JournalFiles {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly salt: number;
  readonly log: Log;
  /** Nothing is removed or cut. */
  readonly readOnly: boolean;
  /** Called for every damaged place. */
  readonly onCorrupt: (fault: Fault) => void;
}

/** A segment that had to be read, with its index. */
export interface Scanned {
  readonly segment: Segment;
  readonly index: BatchIndex;
}

/**
 * Reads a segment from end to end. `limit` is where it ends, when its successor says so: everything below was durable then.
 * Without it the tail may be torn, and is cut off. Undefined when no frame is whole. `opened`: its opening frame was found.
 * Throws the system's errors, ENOENT when it is gone.
 */
export async function scanSegment(
  settings: JournalFiles,
  number: number,
  limit: number | undefined,
): Promise<(Scanned & { readonly opened: boolean }) | undefined> {
  const { fs, directory, salt, readOnly } = settings;
  const path = join(directory, logName(number));
  const file = await fs.open(path, readOnly ? "read" : "write");
  try {
    const size = await file.size();
    const frames: { readonly position: number; readonly header: FrameHeader }[] = [];
    const gaps: { readonly from: number; readonly to: number }[] = [];
    let opening: Opening | undefined;
    let proven = limit ?? 0;
    for await (const found of scanFrames(file, 0, Math.min(limit ?? size, size), salt)) {
      if (found.kind === "gap") gaps.push(found);
      else if (found.header.kind === "opening") opening ??= decodeOpening(found.body);
      else {
        frames.push({ position: found.position, header: found.header });
        proven = Math.max(proven, found.header.synced);
      }
    }
    if (limit !== undefined && size < limit) gaps.push({ from: size, to: limit });
    const torn = gaps.find(({ from }) => from >= proven);
    const end = torn?.from ?? limit ?? size;
    if (frames.length === 0 && opening === undefined) return undefined;
    for (const { from, to } of gaps) if (from < end) report(settings, path, from, to);
    const segment: Segment = {
      number,
      end,
      previous: opening?.previous ?? null,
      starts: opening?.starts ?? new Positions(),
      firstTimestamp: 0,
      lastTimestamp: 0,
    };
    const index = indexOf(settings, path, segment, frames);
    if (!readOnly && limit === undefined) {
      if (end < size) {
        settings.log.warn(`${path}: cutting ${size - end} B off its end, an append that a crash interrupted`);
        await file.truncate(end);
      }
      // What is served from now on must not vanish in a later power cut.
      await file.datasync();
    }
    return { segment, index, opened: opening !== undefined };
  } finally {
    await file.close();
  }
}

function indexOf(
  settings: JournalFiles,
  path: string,
  segment: Segment,
  frames: readonly { readonly position: number; readonly header: FrameHeader }[],
): BatchIndex {
  const index = new BatchIndex();
  const reached = segment.starts.copy();
  for (const { position, header } of frames) {
    if (position >= segment.end) break;
    const { stream, base, count, timestamp, bodyLength } = header;
    if (base < reached.next(stream)) {
      report(settings, path, position, position + bodyLength);
      continue;
    }
    reached.move(stream, base + count, timestamp);
    index.add(stream, { base, count, position, length: bodyLength, timestamp });
    if (segment.firstTimestamp === 0) segment.firstTimestamp = timestamp;
    segment.lastTimestamp = Math.max(segment.lastTimestamp, timestamp);
  }
  return index;
}

function report({ onCorrupt }: JournalFiles, path: string, from: number, to: number): void {
  onCorrupt(
    new Fault(
      "corrupt",
      `${path}: ${to - from} B from position ${from} are not what was written; they are skipped; rondo data check says what is lost`,
    ),
  );
}
