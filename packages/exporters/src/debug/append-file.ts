/** A file that only grows, in whole lines, and that says when they are on disk. */
import { type FileHandle, open } from "node:fs/promises";

/** Whether `write` waits until the lines would survive a power cut. */
type Durability = "buffered" | "synced";

/** Opens its file with the first write. Writes that come while one is under way go out together, in order. */
export class AppendFile {
  readonly #path: string;
  readonly #durability: Durability;
  #file: Promise<FileHandle> | undefined;
  #waiting: Buffer[] = [];
  #round: Promise<void> | undefined;

  constructor(path: string, durability: Durability) {
    this.#path = path;
    this.#durability = durability;
  }

  /** Appends a text that ends in a line break. Rejects with the file system's error; the text may then be there in part. */
  write(text: string): Promise<void> {
    this.#waiting.push(Buffer.from(text));
    // What is written before the round takes `waiting` belongs to it; what comes later, to the next.
    this.#round ??= this.#next();
    return this.#round;
  }

  /** Closes the file after the last write. */
  async close(): Promise<void> {
    await this.#round?.catch(() => undefined);
    const file = await this.#file?.catch(() => undefined);
    this.#file = undefined;
    await file?.close();
  }

  async #next(): Promise<void> {
    const previous = this.#busy;
    let done = () => {};
    this.#busy = new Promise((resolve) => {
      done = resolve;
    });
    await previous;
    const lines = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#round = undefined;
    try {
      const file = await this.#opened();
      await file.appendFile(lines);
      if (this.#durability === "synced") await file.datasync();
    } finally {
      done();
    }
  }

  #busy: Promise<void> = Promise.resolve();

  /** A failure to open is not kept: the next write tries again. */
  #opened(): Promise<FileHandle> {
    this.#file ??= openWhole(this.#path).catch((thrown: unknown) => {
      this.#file = undefined;
      throw thrown;
    });
    return this.#file;
  }
}

/** After a crash the last line may be torn; a line break keeps it from spoiling the next one. */
async function openWhole(path: string): Promise<FileHandle> {
  const file = await open(path, "a+");
  const { size } = await file.stat();
  if (size === 0) return file;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  if (buffer[0] !== 0x0a) await file.appendFile("\n");
  return file;
}
