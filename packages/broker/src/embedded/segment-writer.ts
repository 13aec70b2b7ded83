/** Writes on the newest segment. After a failed sync it never trusts the file again. */

import { join } from "node:path";
import type { Log } from "@rondo/core";
import { BatchIndex } from "./batch-index.ts";
import type { OpenFile } from "./file-system.ts";
import type { JournalFiles } from "./scan-segment.ts";
import { encodeOpening, logName, type Opening, type Segment } from "./segment.ts";

/** What a writer is made with. */
export interface WriterOptions extends JournalFiles {
  /** False: nothing waits for the device, and a power cut may lose what was acknowledged. */
  readonly sync: boolean;
}

/** The end of the journal. One write at a time. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly index: BatchIndex;
  readonly #file: OpenFile;
  readonly #sync: boolean;
  readonly #log: Log;
  #failed = false;

  private constructor(options: WriterOptions, file: OpenFile, segment: Segment, index: BatchIndex) {
    this.#file = file;
    this.#sync = options.sync;
    this.#log = options.log;
    this.segment = segment;
    this.index = index;
  }

  /** Goes on where a recovered segment ends. */
  static async reopen(options: WriterOptions, segment: Segment, index: BatchIndex): Promise<SegmentWriter> {
    const path = join(options.directory, logName(segment.number));
    return new SegmentWriter(options, await options.fs.open(path, "write"), segment, index);
  }

  /** Makes a new segment; it and its name are durable when this resolves. On failure nothing of it counts. */
  static async begin(options: WriterOptions, number: number, opening: Opening): Promise<SegmentWriter> {
    const { fs, directory, salt, sync } = options;
    const path = join(directory, logName(number));
    const file = await fs.open(path, "create");
    try {
      const chunks = encodeOpening(opening, salt);
      await file.writev(chunks, 0);
      if (sync) {
        await file.datasync();
        await fs.syncDirectory(directory);
      }
      const end = chunks.reduce((sum, { length }) => sum + length, 0);
      const segment: Segment = { ...opening, number, end, firstTimestamp: 0, lastTimestamp: 0 };
      return new SegmentWriter(options, file, segment, new BatchIndex());
    } catch (thrown) {
      await file.close().catch(() => undefined);
      // If it cannot be removed, the next segment does not name it as its predecessor, and recovery removes it.
      await fs.unlink(path).catch(() => undefined);
      throw thrown;
    }
  }

  /** Whether the file may not be written on any more. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether what is written will be found again: someone may have removed the file, or the whole directory. */
  hasName(): Promise<boolean> {
    return this.#file.hasName();
  }

  /**
   * Writes at the end; durable when it resolves, and only then the segment is longer. Rejects with the system's error.
   * A failed write is cut off again. A failed sync says nothing of which pages reached the device, and a second one would
   * report success without writing them: the segment then ends at its last durable position for ever.
   */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    const { end } = this.segment;
    let written = false;
    try {
      await this.#file.writev(chunks, end);
      written = true;
      if (this.#sync) await this.#file.datasync();
    } catch (thrown) {
      if (written) this.#failed = true;
      try {
        await this.#file.truncate(end);
      } catch (second) {
        this.#failed = true;
        this.#log.warn(
          `segment ${this.segment.number} cannot be cut back to ${end} B: ${second}; going on in a new one`,
        );
      }
      throw thrown;
    }
    this.segment.end = end + chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** Closes the file; what was written is durable already. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
