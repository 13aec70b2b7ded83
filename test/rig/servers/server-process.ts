/**
 * A real server as a child of the test: started on loopback with data of its own, awaited until it serves, stopped, killed,
 * frozen, and started again on the same data. It ends with the test's process, even when that is killed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** How long an orderly end may take before it becomes a hard one, milliseconds. */
const STOP_MS = 20_000;
const READY_MS = 120_000;
const PROBE_MS = 100;

/** What starts a server and how its readiness is seen. */
export interface ServerOptions {
  /** For messages and the names of folders. */
  readonly name: string;
  /** The program and its arguments, once the folder of its data is known. */
  readonly command: readonly [string, ...string[]];
  /** From `serverFolder`; it takes the log too. */
  readonly folder: string;
  /** Whether it serves; a rejection means no. */
  readonly serves: () => Promise<boolean>;
}

/** A server that was started at least once. */
export interface ServerProcess {
  /** The pid of the last start; throws, with the end of the log, when it does not run. */
  readonly pid: number;
  /** Starts it on the data that is there and resolves when it serves. Throws when it ends first or takes longer than two minutes. */
  start(): Promise<void>;
  /** SIGTERM, and SIGKILL if that takes too long; resolves when it is gone. Does nothing when it does not run. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. Does nothing when it does not run. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nobody answers. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Everything that it wrote, of all its starts. */
  logged(): string;
}

/** A new folder for a server's data, log and configuration. */
export function serverFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `rondo-${name}-`));
}

/** Removes what `serverFolder` made. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

// Linux ends the server together with us, whatever ends us; elsewhere only an orderly end of ours does.
const PREFIX = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] : [];
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** Starts a server; resolves when it serves. Throws, with the end of its log, when it does not. */
export async function startServer({ name, command, folder, serves }: ServerOptions): Promise<ServerProcess> {
  const log = join(folder, "log");
  let child: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();
  const logged = () => readFileSync(log, "utf8");
  const failed = (what: string) => new Error(`${name} ${what}:\n${logged().split("\n").slice(-20).join("\n")}`);
  const running = () => {
    if (child === undefined || !alive.has(child)) throw failed("is not running");
    return child;
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || !alive.has(child)) return;
    child.kill(signal);
    // One that is frozen could not act on it.
    child.kill("SIGCONT");
    const hard = setTimeout(() => child?.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(hard);
  };
  const server: ServerProcess = {
    get pid() {
      return running().pid ?? 0;
    },
    async start() {
      if (child !== undefined && alive.has(child)) throw new Error(`${name} already runs`);
      const out = openSync(log, "a");
      const [program = "", ...args] = [...PREFIX, ...command];
      const started = spawn(program, args, { stdio: ["ignore", out, out], cwd: folder });
      closeSync(out);
      child = started;
      alive.add(started);
      gone = new Promise((resolve) => {
        const ended = () => {
          alive.delete(started);
          resolve();
        };
        started.once("exit", ended).once("error", ended);
      });
      const deadline = performance.now() + READY_MS;
      while (!(await serves().catch(() => false))) {
        if (!alive.has(started)) throw failed("ended at its start");
        if (performance.now() > deadline) throw failed(`does not serve after ${READY_MS} ms`);
        await pause(PROBE_MS);
      }
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    freeze: () => void running().kill("SIGSTOP"),
    thaw: () => void running().kill("SIGCONT"),
    logged,
  };
  try {
    await server.start();
  } catch (thrown) {
    await server.kill();
    throw thrown;
  }
  return server;
}
