/** One `rondo` command run to its end, as a shell would run it. */
import { spawn } from "node:child_process";

/** The file that `npx rondo` runs. */
export const COMMAND = new URL("../../packages/cli/bin/rondo", import.meta.url).pathname;

/** The configuration that people come with, as it was handed to us. */
export const SEED = new URL("../../deploy/examples/otel-collector-config.yaml", import.meta.url).pathname;

/** The recorded run that the demo replays. */
export const RECORDING = new URL("../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname;

/** How a command ended. */
export interface Ended {
  /** Its exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a command is run with. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** It is killed, and the promise rejects with what it said, after this time. */
  readonly timeoutMs?: number;
  /** Hears of its pid as soon as there is one. */
  readonly started?: (pid: number) => void;
}

/** Runs `rondo ...args`, without a terminal. Rejects when it cannot be started or does not end in time. */
export function runRondo(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { timeoutMs = 20_000 } = options;
  const child = spawn(COMMAND, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...options.env } });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const said = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString("utf8");
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`rondo ${args.join(" ")} did not end within ${timeoutMs} ms:\n${said(out)}${said(err)}`));
    }, timeoutMs);
    child.on("error", reject);
    child.on("spawn", () => options.started?.(child.pid ?? 0));
    child.on("close", (code) => {
      clearTimeout(late);
      resolve({ code: code ?? -1, out: said(out), err: said(err) });
    });
  });
}

/** The lines of an output that are no lines of the log: what a command says to the person who called it. */
export function spoken(output: string): readonly string[] {
  return output.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
}

/** The messages of the log in an output, each with its level: `warn not yet: extension pprof`. */
export function logLines(output: string): readonly string[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => {
      const { level, msg }: { readonly level: string; readonly msg: string } = JSON.parse(line);
      return `${level} ${msg}`;
    });
}
