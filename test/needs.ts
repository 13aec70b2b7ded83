/**
 * Tests that need a tool or a server which a machine may lack: a visible skip there, a failure where `CI` is set, so that
 * a machine which should have it never passes by leaving out.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, test } from "vitest";

/** Where servers and other things that tests built or installed are kept between runs. */
export const CACHE = process.env["RONDO_SERVERS"] ?? join(homedir(), ".cache/rondo-servers");

interface Tool {
  /** Its path, or undefined when it is not to be had here. */
  readonly find: () => string | undefined;
  /** How to get it, as the end of a sentence. */
  readonly way: string;
}

/** The first executable of that name on PATH. */
function onPath(name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, name);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A program of the cache of test/servers. */
const built = (name: string): Tool => ({
  find: () => (isExecutable(join(CACHE, "bin", name)) ? join(CACHE, "bin", name) : undefined),
  way: `run test/servers/servers get ${name}`,
});

/** A folder with the jars of Kafka, and the Java that runs them. */
const kafka = (name: string, version: string): Tool => ({
  find: () => {
    const folder = join(CACHE, `kafka-${version}`);
    return existsSync(folder) && onPath("java") !== undefined ? folder : undefined;
  },
  way: `install Java 17 and Maven and run test/servers/servers get ${name}`,
});

/** A Python that can make virtual environments; a bare `python3` without that is of no use to us. */
function python(): string | undefined {
  const file = onPath("python3");
  if (file === undefined) return undefined;
  try {
    execFileSync(file, ["-c", "import ensurepip, venv"], { stdio: "ignore" });
    return file;
  } catch {
    return undefined;
  }
}

/** Everything that a test may ask for. */
const TOOLS = {
  alertmanager: built("alertmanager"),
  amtool: built("amtool"),
  kafka: kafka("kafka", "4.1.1"),
  "kafka-3.9": kafka("kafka-3.9", "3.9.1"),
  loki: built("loki"),
  otelcol: built("otelcol"),
  prometheus: built("prometheus"),
  promtool: built("promtool"),
  chromium: { find: () => onPath("chromium"), way: "install the package chromium" },
  redis: { find: () => onPath("redis-server"), way: "install the package redis-server" },
  tempo: built("tempo"),
  strace: { find: () => onPath("strace"), way: "install the package strace" },
  taskset: { find: () => onPath("taskset"), way: "install the package util-linux" },
  python: { find: python, way: "install the packages python3 and python3-venv" },
} satisfies Record<string, Tool>;

/** The name of a tool that `needs` knows. */
export type ToolName = keyof typeof TOOLS;

/** The path of a tool; throws, with the way to get it, when it is missing. */
export function tool(name: ToolName): string {
  const file = TOOLS[name].find();
  if (file === undefined) throw new Error(`needs ${name}: ${TOOLS[name].way}`);
  return file;
}

/** Declares a test; `timeoutMs` as in Vitest. */
export type Declare = (name: string, run: () => Promise<void> | void, timeoutMs?: number) => void;

/**
 * A `test` for machines that have these tools: `needs("otelcol")("compares …", async () => …)`. Where one is missing the
 * test is skipped with the reason, or fails with it when the environment has `CI`.
 */
export function needs(...names: readonly [ToolName, ...ToolName[]]): Declare {
  const missing = names.filter((name) => TOOLS[name].find() === undefined);
  if (missing.length === 0) return test;
  const reason = missing.map((name) => `needs ${name}: ${TOOLS[name].way}`).join("; ");
  return (name) =>
    test(name, (context) => {
      if (process.env["CI"] !== undefined) throw new Error(reason);
      context.skip(reason);
    });
}

/** A `describe` for machines that have these tools; elsewhere one test stands for all of it, skipped or failing as `needs` says. */
export function suiteNeeds(...names: readonly [ToolName, ...ToolName[]]): (name: string, declare: () => void) => void {
  if (names.every((name) => TOOLS[name].find() !== undefined)) return describe;
  return (name) => needs(...names)(name, () => undefined);
}
