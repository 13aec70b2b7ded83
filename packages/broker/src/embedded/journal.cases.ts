/** What the tests of the journal share: a journal in a directory of its own, with a clock and a file system under control. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Fault, silentLog, systemClock } from "@rondo/core";
import { onTestFinished } from "vitest";
import type { WholeRecord } from "../log.ts";
import { nodeFileSystem } from "./file-system.ts";
import { Journal, type JournalOptions } from "./journal.ts";

/** A directory that is gone when the test has ended. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "rondo-journal-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** Opens journals in one directory, and collects what they say. */
export class JournalRig {
  readonly directory: string;
  readonly faults: Fault[] = [];
  readonly lines: string[] = [];
  /** Milliseconds since the epoch; tests move it. */
  now = Date.UTC(2026, 0, 1);

  constructor(directory: string) {
    this.directory = directory;
  }

  async open(changes: Partial<JournalOptions> = {}): Promise<Journal> {
    const say = (message: string) => this.lines.push(message);
    const clock: Clock = { ...systemClock, now: () => this.now };
    return await Journal.open({
      fs: nodeFileSystem,
      directory: this.directory,
      salt: 42,
      log: { ...silentLog, warn: say, error: say },
      readOnly: false,
      onCorrupt: (fault) => this.faults.push(fault),
      clock,
      segmentBytes: 64 << 20,
      retentionMs: 3_600_000,
      sync: true,
      tailCacheBytes: 0,
      queueBytes: 1 << 20,
      ...changes,
    });
  }
}

/** A rig in a temporary directory. */
export async function journalRig(): Promise<JournalRig> {
  return new JournalRig(await temporaryDirectory());
}

/** A record whose value is `text`. */
export function recordOf(text: string): WholeRecord {
  return { headers: { n: text.slice(0, 8) }, value: Buffer.from(text) };
}

/** The values of a whole stream as text, offset by offset: `0:a 1:b`. */
export async function contentOf(journal: Journal, stream: number): Promise<string> {
  const found: string[] = [];
  for (let next = 0; ; ) {
    const records = await journal.read(stream, next, 1 << 20);
    if (records.length === 0) return found.join(" ");
    for (const { offset, value } of records) {
      found.push(`${offset}:${Buffer.from(value).toString()}`);
      next = offset + 1;
    }
  }
}
