/** An append-only file of lines whose `append` resolves when they are on disk: what it holds, happened. */
import { closeSync, fdatasync, openSync, readSync, statSync, writeSync } from "node:fs";

/** A file of lines; one writer. */
export interface Ledger {
  readonly path: string;
  /** Appends lines; resolves after a sync that covers them. Waiting appends share one sync. */
  append(lines: readonly string[]): Promise<void>;
  close(): void;
}

/** Opens a ledger, going on where an earlier one ended. */
export function openLedger(path: string): Ledger {
  const file = openSync(path, "a");
  let waiting: (() => void)[] = [];
  let syncing = false;
  const sync = () => {
    if (syncing || waiting.length === 0) return;
    syncing = true;
    const served = waiting;
    waiting = [];
    fdatasync(file, (error) => {
      // A ledger that cannot be trusted ends the run: nothing that follows would mean anything.
      if (error !== null) throw error;
      syncing = false;
      for (const done of served) done();
      sync();
    });
  };
  return {
    path,
    append: (lines) =>
      new Promise((resolve) => {
        if (lines.length > 0) writeSync(file, `${lines.join("\n")}\n`);
        waiting.push(resolve);
        sync();
      }),
    close: () => closeSync(file),
  };
}

/** Reads a growing file of lines piece by piece; a last line without its end is kept for the next time. */
export function followLines(path: string): () => readonly string[] {
  let offset = 0;
  let rest = "";
  return () => {
    let size = 0;
    try {
      ({ size } = statSync(path));
    } catch {
      return [];
    }
    const chunk = Buffer.alloc(size - offset);
    const file = openSync(path, "r");
    const read = readSync(file, chunk, 0, chunk.length, offset);
    closeSync(file);
    offset += read;
    const lines = (rest + chunk.toString("utf8", 0, read)).split("\n");
    rest = lines.pop() ?? "";
    return lines;
  };
}
