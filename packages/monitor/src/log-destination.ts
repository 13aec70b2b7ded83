/** Where log lines go: a file descriptor, written before the call returns, and never at the price of the process. */
import { writeSync } from "node:fs";

/** Where lines go. */
export interface LogDestination {
  /** Takes one line with its line break, and has written it when it returns. Never throws. */
  write(line: string): void;
  /** A person reads it there, so that `auto` means `pretty`. */
  readonly terminal?: boolean;
}

/** How long a line waits for a reader of a full, non-blocking pipe before the rest of it is given up. */
export const FULL_PIPE_WAIT_MS = 500;

const WAIT_STEP_MS = 10;

/**
 * The destination of a file descriptor of this process: 1 for stdout, 2 for stderr. A line that cannot be written – the
 * reader is gone, the disk is full – is lost: there is nobody left to tell, and the work of the process is elsewhere.
 */
export function descriptorDestination(fd: number, terminal: boolean): LogDestination {
  return {
    terminal,
    write(line) {
      try {
        writeWhole(fd, Buffer.from(line));
      } catch {
        // Lost, as said above. The next line is tried again: a disk may get room, a reader may come back.
      }
    },
  };
}

/** write(2) may take less than it was given, or say EAGAIN where another process made the pipe non-blocking. */
function writeWhole(fd: number, bytes: Buffer): void {
  let waited = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (thrown) {
      if (!isFull(thrown) || waited >= FULL_PIPE_WAIT_MS) throw thrown;
      waited += WAIT_STEP_MS;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_STEP_MS);
    }
  }
}

function isFull(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EAGAIN";
}
