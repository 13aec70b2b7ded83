/**
 * Reads every byte of a journal and changes none: frames and their CRCs, the chain of files, the index beside each, and the
 * offsets, which run without a hole from a stream's first to its last.
 */
import { join } from "node:path";
import type { Fault } from "@rondo/core";
import { errorCode, sizeOf } from "./file-system.ts";
import type { Finding, Missing } from "./finding.ts";
import { type JournalFiles, type Scanned, scanSegment } from "./scan-segment.ts";
import { indexName, logName, numberOf, type Opening, Positions } from "./segment.ts";
import { readIndex, readSummary } from "./sidecar.ts";

/** What is kept of one stream. */
export interface StreamContent {
  low: number;
  high: number;
  records: number;
  bytes: number;
  /** Timestamps of its oldest and newest batch, milliseconds since the epoch; 0 without any. */
  oldest: number;
  newest: number;
}

/** A journal as it lies there. */
export interface CheckedJournal {
  readonly findings: readonly Finding[];
  readonly missing: readonly Missing[];
  /** By stream. */
  readonly streams: ReadonlyMap<number, StreamContent>;
  readonly segments: number;
  readonly bytes: number;
  /** Files that a repair removes: they are indexes or passing, and made again where they are needed. */
  readonly superfluous: readonly string[];
}

/** What is looked at. */
export interface CheckOptions extends Pick<JournalFiles, "fs" | "directory" | "salt" | "log"> {
  /** A process writes on it meanwhile: the end of the newest file says nothing, and files may go. */
  readonly isInUse: boolean;
}

interface Checked extends Scanned {
  readonly number: number;
  readonly opened: boolean;
  readonly isDamaged: boolean;
}

/** Checks the journal in a directory. Throws the system's errors. */
export async function checkJournal(options: CheckOptions): Promise<CheckedJournal> {
  const { fs, directory } = options;
  const names = await fs.list(directory);
  const findings: Finding[] = [];
  const superfluous = strangers(directory, names, options.isInUse, findings);
  const numbers = names.flatMap((name) => numberOf(name) ?? []).sort((a, b) => b - a);
  const kept: Checked[] = [];
  let follower: (Opening & { readonly number: number }) | undefined;
  for (const number of numbers) {
    const file = join(directory, logName(number));
    const expected = follower?.previous ?? undefined;
    if (expected !== undefined && number > expected.number) {
      findings.push({ kind: "note", place: file, message: "was begun and never counted; the next start removes it" });
      continue;
    }
    if (follower !== undefined && expected !== undefined && number < expected.number) {
      findings.push(absent(join(directory, logName(expected.number)), follower.number));
    }
    const limit = expected?.number === number ? expected.end : undefined;
    const found = await checkSegment(options, number, limit, findings);
    if (found === undefined) {
      if (limit !== undefined) follower = undefined;
      continue;
    }
    if (kept.length > 0) superfluous.push(...(await checkSidecar(options, found, names, findings)));
    kept.push(found);
    follower = found.opened ? found.segment : undefined;
  }
  kept.reverse();
  const { streams, missing } = contentOf(kept);
  const bytes = kept.reduce((sum, { segment }) => sum + segment.end, 0);
  return { findings, missing, streams, segments: kept.length, bytes, superfluous };
}

function absent(place: string, follower: number): Finding {
  return {
    kind: "damage",
    place,
    message: `is missing: ${logName(follower)} goes on where it ends; put it back from a copy if there is one`,
  };
}

/** Names that no journal makes, and those that it makes in passing. */
function strangers(directory: string, names: readonly string[], isInUse: boolean, findings: Finding[]): string[] {
  const logs = new Set(names.flatMap((name) => numberOf(name) ?? []));
  const superfluous: string[] = [];
  for (const name of names) {
    const place = join(directory, name);
    const index = /^(\d{10})\.idx(\.new)?$/.exec(name);
    if (numberOf(name) !== undefined || (index !== null && index[2] === undefined && logs.has(Number(index[1]))))
      continue;
    if (index === null) {
      findings.push({ kind: "note", place, message: "is no file of Rondo's; it is left alone" });
    } else if (!isInUse) {
      superfluous.push(place);
      const what =
        index[2] === undefined ? "the index of a file that is gone" : "an index whose making was interrupted";
      findings.push({ kind: "note", place, message: `is ${what}; --repair removes it` });
    }
  }
  return superfluous;
}

/** Reads one file. Undefined when nothing in it is whole. */
async function checkSegment(
  { fs, directory, salt, log, isInUse }: CheckOptions,
  number: number,
  limit: number | undefined,
  findings: Finding[],
): Promise<Checked | undefined> {
  const place = join(directory, logName(number));
  const faults: Fault[] = [];
  const reading: JournalFiles = { fs, directory, salt, log, readOnly: true, onCorrupt: (fault) => faults.push(fault) };
  let scanned: Awaited<ReturnType<typeof scanSegment>>;
  let size: number;
  try {
    scanned = await scanSegment(reading, number, limit);
    size = await sizeOf(fs, place);
  } catch (thrown) {
    // Retention of the process that writes on it was faster.
    if (isInUse && errorCode(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
  if (scanned === undefined) {
    findings.push(
      limit === undefined && size < LARGEST_OPENING
        ? { kind: "note", place, message: "was being made when a crash came; the next start removes it" }
        : { kind: "damage", place, message: `nothing in its ${size} B is what was written; ${STEPPED_OVER}` },
    );
    return undefined;
  }
  // Their messages begin with the file, which has a column of its own here.
  for (const { message } of faults)
    findings.push({
      kind: "damage",
      place,
      message: `${message.slice(place.length + 2).split(";")[0]}; ${STEPPED_OVER}`,
    });
  const { segment, opened } = scanned;
  if (limit === undefined && size > segment.end && !isInUse) {
    findings.push({
      kind: "note",
      place,
      message: `${size - segment.end} B from position ${segment.end} are an append that a crash interrupted: nobody was told that it is safe; the next start or --repair cuts them off`,
    });
  }
  return { ...scanned, number, opened, isDamaged: faults.length > 0 };
}

const LARGEST_OPENING = 2 << 20;
const STEPPED_OVER = "readers step over it";

/** What is wrong with the index beside a sealed file; a missing one is made again at the next start. Answers what to remove. */
async function checkSidecar(
  { fs, directory, isInUse }: CheckOptions,
  { number, segment, index, isDamaged }: Checked,
  names: readonly string[],
  findings: Finding[],
): Promise<readonly string[]> {
  // Of a damaged file the index knows more than what is left.
  if (isDamaged || isInUse || !names.includes(indexName(number))) return [];
  const place = join(directory, indexName(number));
  const summary = await readSummary(fs, place);
  const entries = await readIndex(fs, place);
  // One with another end was made before its file grew, and does not count.
  const isStale = summary !== undefined && summary.end !== segment.end;
  if (summary !== undefined && entries?.encode().equals(index.encode()) && !isStale) return [];
  const isTrusted = summary !== undefined && entries !== undefined && !isStale;
  findings.push({
    kind: isTrusted ? "repairable" : "note",
    place,
    message: isTrusted
      ? `does not say what ${logName(number)} holds; --repair makes it again`
      : "is damaged or out of date, which costs time and no data; --repair makes it again",
  });
  return [place];
}

/** Walks all batches in the order of their files. */
function contentOf(kept: readonly Checked[]): Pick<CheckedJournal, "streams" | "missing"> {
  const streams = new Map<number, StreamContent>();
  const missing: Missing[] = [];
  const reached = new Positions();
  const reach = (stream: number, next: number, number: number) => {
    const from = reached.next(stream);
    if (streams.has(stream) && next > from) missing.push({ stream, from, to: next, file: logName(number) });
    const content = streams.get(stream) ?? { low: next, high: next, records: 0, bytes: 0, oldest: 0, newest: 0 };
    streams.set(stream, content);
    reached.move(stream, next, 0);
    content.high = reached.next(stream);
    return content;
  };
  let before: number | undefined;
  for (const { number, segment, index, opened } of kept) {
    const { starts } = segment;
    // What its predecessor should have held up to here.
    for (let stream = 0; stream * 2 < starts.pairs().length; stream++)
      reach(stream, starts.next(stream), before ?? number);
    before = number;
    for (const [stream] of index.ends()) {
      for (let at = 0, entry = index.at(stream, at); entry !== undefined; entry = index.at(stream, ++at)) {
        // Where a whole opening says nothing of a stream, it begins there.
        if (opened && !streams.has(stream)) reach(stream, 0, number);
        const content = reach(stream, entry.base, number);
        reached.move(stream, entry.base + entry.count, 0);
        content.high = reached.next(stream);
        content.records += entry.count;
        content.bytes += entry.length;
        content.oldest ||= entry.timestamp;
        content.newest = Math.max(content.newest, entry.timestamp);
      }
    }
  }
  return { streams, missing };
}
