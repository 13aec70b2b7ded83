/** Reads batches out of segments with few open files and few indexes in memory. */

import { join } from "node:path";
import { Fault } from "@rondo/core";
import type { LogRecord } from "../log.ts";
import { type BatchEntry, BatchIndex } from "./batch-index.ts";
import { errorCode, type FileSystem, type OpenFile } from "./file-system.ts";
import { bodyIsWhole, decodeHeader, decodeRecords, HEADER_BYTES } from "./frame.ts";
import { Lru } from "./lru.ts";
import { type JournalFiles, scanSegment } from "./scan-segment.ts";
import { indexName, logName, type Segment } from "./segment.ts";
import { readIndex, writeSidecar } from "./sidecar.ts";

const OPEN_FILES = 16;
const HELD_INDEXES = 4;
// Readers with a small `maxBytes` come back to the same batch several times.
const HELD_BATCHES = 4;

/** The files of a journal, for reading. */
export class SegmentFiles {
  readonly #settings: JournalFiles;
  readonly #fs: FileSystem;
  readonly #open: Lru<Promise<OpenFile>>;
  readonly #loaded = new Lru<Promise<BatchIndex>>(HELD_INDEXES);
  readonly #batches = new Lru<readonly LogRecord[] | null>(HELD_BATCHES);
  /** Of segments whose sidecar is not written. */
  readonly #unwritten = new Map<number, BatchIndex>();

  constructor(settings: JournalFiles) {
    this.#settings = settings;
    this.#fs = settings.fs;
    this.#open = new Lru<Promise<OpenFile>>(OPEN_FILES, (file) => {
      // A file that cannot be closed was only read; a file that was never opened needs no closing.
      file.then((opened) => opened.close()).catch(() => undefined);
    });
  }

  /** Keeps an index in memory until `seal` has written it. */
  hold(segment: Segment, index: BatchIndex): void {
    this.#unwritten.set(segment.number, index);
  }

  /** Writes the sidecar of a segment that will not grow any more; on failure its index stays in memory. */
  async seal(segment: Segment): Promise<void> {
    const index = this.#unwritten.get(segment.number);
    if (index === undefined || this.#settings.readOnly) return;
    const path = join(this.#settings.directory, indexName(segment.number));
    try {
      await writeSidecar(this.#fs, path, segment, index);
      this.#unwritten.delete(segment.number);
    } catch (thrown) {
      this.#settings.log.warn(
        `${path} could not be written (${errorCode(thrown) ?? thrown}); it is made again at the next start`,
      );
    }
  }

  /** The index of a segment; made again from the segment when its sidecar is gone. Rejects with `unavailable`. */
  index(segment: Segment): Promise<BatchIndex> {
    const unwritten = this.#unwritten.get(segment.number);
    if (unwritten !== undefined) return Promise.resolve(unwritten);
    return this.#loaded.get(String(segment.number), async () => {
      const path = join(this.#settings.directory, indexName(segment.number));
      const read = await readIndex(this.#fs, path);
      if (read !== undefined) return read;
      const scanned = await scanSegment({ ...this.#settings, readOnly: true }, segment.number, segment.end);
      return scanned?.index ?? new BatchIndex();
    });
  }

  /**
   * The records of a batch; undefined when they are not what was written, which is reported once while the batch is held.
   * Rejects with the system's error, ENOENT when retention has removed the segment.
   */
  async batch(segment: Segment, entry: BatchEntry): Promise<readonly LogRecord[] | undefined> {
    const key = `${segment.number}/${entry.position}`;
    const held = this.#batches.peek(key);
    if (held !== undefined) return held ?? undefined;
    const frame = Buffer.allocUnsafe(HEADER_BYTES + entry.length);
    const read = await this.#read(segment.number, frame, entry.position);
    const header = decodeHeader(frame.subarray(0, read), this.#settings.salt);
    const body = frame.subarray(HEADER_BYTES, read);
    const records =
      header !== undefined && bodyIsWhole(body, header, this.#settings.salt) ? decodeRecords(body, header) : null;
    this.#batches.set(key, records);
    if (records === null) {
      const path = join(this.#settings.directory, logName(segment.number));
      this.#settings.onCorrupt(
        new Fault(
          "corrupt",
          `${path}: the batch at position ${entry.position} (offsets ${entry.base} to ${entry.base + entry.count - 1}) is not what was written; it is skipped; rondo data check looks over the whole directory`,
        ),
      );
    }
    return records ?? undefined;
  }

  /** Removes a segment, also one that is gone; that is durable before the next one can go: no file is left behind one that is missing. */
  async remove(segment: Segment): Promise<void> {
    this.#unwritten.delete(segment.number);
    this.#loaded.delete(String(segment.number));
    this.#open.delete(String(segment.number));
    await this.#fs.unlink(join(this.#settings.directory, logName(segment.number))).catch((thrown: unknown) => {
      if (errorCode(thrown) !== "ENOENT") throw thrown;
    });
    await this.#fs.syncDirectory(this.#settings.directory);
    await this.#fs.unlink(join(this.#settings.directory, indexName(segment.number))).catch(() => undefined);
  }

  /** Closes every file. */
  close(): void {
    this.#open.clear();
  }

  async #read(number: number, into: Uint8Array, position: number): Promise<number> {
    const path = join(this.#settings.directory, logName(number));
    const file = () => this.#open.get(String(number), () => this.#fs.open(path, "read"));
    try {
      return await (await file()).read(into, position);
    } catch (thrown) {
      // Readers of other segments needed its place and closed it between our two awaits.
      if (errorCode(thrown) !== "EBADF") throw thrown;
      return await (await file()).read(into, position);
    }
  }
}
