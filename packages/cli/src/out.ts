/** Where a command prints, and the exit codes that scripts may rely on. */

/** A command's two streams, line by line. */
export interface Out {
  line(text: string): void;
  error(text: string): void;
}

/** The process's own streams. */
export const processOut: Out = {
  line: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
};

/** 0: done. 1: it ran and failed, or found a difference. 2: the call or the configuration is wrong and nothing ran. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
