/** The two programs that are compared, with everything that an arm of them consists of, alone on core 0. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { tool } from "../../needs.ts";
import { type ProcessPlan, planSubject, type SubjectOptions } from "./plan.ts";

const START_MS = 30_000;
const STOP_MS = 15_000;

/** An arm that takes requests. */
export interface Subject {
  /** Its processes by their part in it. */
  readonly pids: Readonly<Record<string, number>>;
  /** Where it takes OTLP of the bench's protocol. */
  readonly port: number;
  /** Ends it, at first asking, what takes requests first. Resolves when it is gone. */
  stop(): Promise<void>;
}

interface Running {
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** Starts a process and waits until it serves; rejects, with the end of its log, when it does not. */
async function startProcess(plan: ProcessPlan, folder: string): Promise<Running> {
  for (const [name, content] of Object.entries(plan.files)) writeFileSync(join(folder, name), content);
  const log = join(folder, `${plan.name}.log`);
  const out = openSync(log, "w");
  // taskset replaces itself by the command: the child's pid is the program's.
  const child: ChildProcess = spawn(tool("taskset"), ["-c", "0", ...plan.command], {
    stdio: ["ignore", out, out],
    env: { ...process.env, ...plan.variables },
  });
  closeSync(out);
  const gone = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${plan.command[0]} cannot be started`);
  const stop = async () => {
    child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(hard);
  };
  const failed = (what: string) =>
    new Error(`${plan.name} ${what}:\n${readFileSync(log, "utf8").split("\n").slice(-20).join("\n")}`);
  const deadline = performance.now() + START_MS;
  while (!(await plan.serves().catch(() => false))) {
    if (child.exitCode !== null || child.signalCode !== null) throw failed("ended at its start");
    if (performance.now() > deadline) {
      await stop();
      throw failed(`does not serve after ${START_MS / 1000} s`);
    }
    await pause(20);
  }
  return { pid, stop };
}

/** Starts an arm and waits until all of it serves. Throws, after ending what had started, when a part does not. */
export async function startSubject(options: SubjectOptions): Promise<Subject> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  const { port, processes } = await planSubject(options);
  const running: Running[] = [];
  const stop = async () => {
    for (const one of running) await one.stop();
  };
  const pids: Record<string, number> = {};
  try {
    for (const plan of processes) {
      const one = await startProcess(plan, folder);
      running.push(one);
      pids[plan.name] = one.pid;
    }
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { pids, port, stop };
}
