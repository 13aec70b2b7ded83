/** A file with one line a request, on the disk before the request is answered: what the file lacks was never acknowledged. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { Fault } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";

/** One request as the ledger has it. */
export interface LedgerLine {
  /** When it was read whole, in milliseconds since the epoch. */
  readonly at: number;
  readonly listener: string;
  readonly via: "grpc" | "http";
  readonly signal: Signal;
  /** One identity an item, in the order of the request. */
  readonly ids: readonly string[];
  /** The content hash of each item, in the same order. */
  readonly contents: readonly string[];
}

/** A line and the request that waits for it. */
interface Waiting {
  readonly text: string;
  resolve(): void;
  reject(fault: Fault): void;
}

/** Appends lines; those that come while a sync is under way share the next one. */
export class Ledger {
  readonly #file: FileHandle;
  readonly #path: string;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Opens `path` for appending, creating it when absent. Throws a Fault `startup` when it cannot. */
  static async open(path: string): Promise<Ledger> {
    try {
      return new Ledger(await open(path, "a"), path);
    } catch (thrown) {
      throw new Fault(
        "startup",
        `cannot write the ledger ${path}: ${reasonOf(thrown)}; name a file in a writable folder`,
      );
    }
  }

  /** Resolves when the line is on the disk; rejects with a Fault `disk_full` when it could not be written. */
  append(line: LedgerLine): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text: `${JSON.stringify(line)}\n`, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  /** Writes group after group until nothing waits. A failure rejects its own group; the next one tries again. */
  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file.appendFile(group.map(({ text }) => text).join(""));
        await this.#file.datasync();
        for (const one of group) one.resolve();
      } catch (thrown) {
        const fault = new Fault("disk_full", `cannot append to the ledger ${this.#path}: ${reasonOf(thrown)}`);
        for (const one of group) one.reject(fault);
      }
    }
    this.#writing = undefined;
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }
}

/**
 * The lines of a ledger. A last line without its end is left out: the process died while writing it, so it was never
 * acknowledged. Throws a Fault `corrupt` that names the line for anything else that is not a ledger line.
 */
export async function readLedger(path: string): Promise<LedgerLine[]> {
  const text = await readFile(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  whole.pop();
  return whole.map((line, index) => {
    const parsed = parse(line);
    if (parsed === undefined) throw new Fault("corrupt", `${path}:${index + 1} is not a ledger line`);
    return parsed;
  });
}

function parse(line: string): LedgerLine | undefined {
  try {
    const raw: unknown = JSON.parse(line);
    return isLedgerLine(raw) ? raw : undefined;
  } catch {
    return undefined;
  }
}

function isLedgerLine(raw: unknown): raw is LedgerLine {
  if (typeof raw !== "object" || raw === null) return false;
  const { at, listener, via, signal, ids, contents } = raw as Partial<Record<keyof LedgerLine, unknown>>; // fields checked below
  return (
    typeof at === "number" &&
    typeof listener === "string" &&
    (via === "grpc" || via === "http") &&
    SIGNALS.some((known) => known === signal) &&
    Array.isArray(ids) &&
    Array.isArray(contents) &&
    [...ids, ...contents].every((one) => typeof one === "string")
  );
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
