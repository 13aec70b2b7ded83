/** Files whose content may change while the process runs: read at start, then looked at again; a broken one leaves the last good. */
import { readFile, stat } from "node:fs/promises";
import { type Clock, Fault, type Log } from "@rondo/core";

/** Certificates, tokens and passwords are small; what is larger is another file by mistake. */
const FILE_BYTES = 4 << 20;

/** A change counts when it looks the same after this: certificate and key, say, are not written in one instant. */
const SETTLE_MS = 250;

/** How a set of files is watched. */
export interface WatchOptions {
  /** Absolute, or relative to the working directory, each with the configuration key that names it. */
  readonly files: readonly WatchedFile[];
  /** Milliseconds between two looks; 0 reads once. */
  readonly everyMs: number;
  /**
   * Takes the files over, in their order. What it throws at the first reading is the start's failure; later it is reported, and
   * what was taken over before must then still hold.
   */
  readonly take: (contents: readonly Buffer[]) => void;
  /** Called for each change: whether it was taken over. */
  readonly reloaded?: (outcome: Reload) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A file, and the place in the configuration that names it. */
export interface WatchedFile {
  readonly key: string;
  readonly path: string;
}

/** How a change of files ended. */
export type Reload = "ok" | "failed";

/**
 * Reads the files and hands them over, now and whenever one has changed. Resolves with what ends the watch; rejects with a
 * `config` Fault that names key and file, never their content.
 */
export async function watchFiles(options: WatchOptions): Promise<() => void> {
  const { files, everyMs, take, reloaded, clock, log } = options;
  let last = await contentsOf(files);
  take(last);
  if (everyMs <= 0 || files.length === 0) return () => {};
  let seen = last;
  let failure: string | undefined;
  let closed = false;
  let cancel = () => {};

  const look = async () => {
    let next = everyMs;
    try {
      const contents = await contentsOf(files);
      if (closed) return;
      // The same broken content is not tried again.
      if (isSame(contents, last)) failure = undefined;
      // What is seen for the first time may be half written.
      else if (!isSame(contents, seen)) next = Math.min(everyMs, SETTLE_MS);
      else {
        last = contents;
        take(contents);
        failure = undefined;
        reloaded?.("ok");
        log.info("files that changed were read again", { files: files.map(({ path }) => path) });
      }
      seen = contents;
    } catch (thrown) {
      const { message } = Fault.from(thrown);
      if (message !== failure) {
        failure = message;
        reloaded?.("failed");
        log.error("files that changed cannot be used; what was read before stays in use", { fault: message });
      }
    }
    if (!closed) cancel = clock.after(next, () => void look(), { background: true });
  };
  cancel = clock.after(everyMs, () => void look(), { background: true });
  return () => {
    closed = true;
    cancel();
  };
}

function isSame(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  return some.every((content, i) => others[i]?.equals(content) === true);
}

function contentsOf(files: readonly WatchedFile[]): Promise<readonly Buffer[]> {
  return Promise.all(files.map(contentOf));
}

async function contentOf({ key, path }: WatchedFile): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES) throw new Fault("config", `${key}: ${path} has ${size} B, more than ${FILE_BYTES} B`);
    return await readFile(path);
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
    throw new Fault("config", `${key}: ${path} cannot be read (${code})`);
  }
}
