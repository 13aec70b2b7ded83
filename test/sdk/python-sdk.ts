/** Runs `speak.py` with the SDK from the package registry, in an environment of its own that is kept between runs. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, tool } from "../needs.ts";
import type { Said } from "./said.ts";

const run = promisify(execFile);
const here = new URL(".", import.meta.url).pathname;
const INSTALL_MS = 300_000;
const SPEAK_MS = 60_000;

/** The interpreter of an environment with what requirements.txt names; made when it is missing. */
async function interpreter(): Promise<string> {
  const requirements = join(here, "requirements.txt");
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const home = join(CACHE, `python-${version}`);
  const python = join(home, "bin/python");
  const complete = join(home, "complete");
  if (existsSync(complete)) return python;
  rmSync(home, { recursive: true, force: true });
  await run(tool("python"), ["-m", "venv", home], { timeout: INSTALL_MS });
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
  await run(python, ["-m", "pip", "install", ...quiet, "-r", requirements], { timeout: INSTALL_MS });
  // Only a finished environment gets the mark: an interrupted one is made anew.
  await run(python, ["-c", `open(${JSON.stringify(`${complete}.part`)}, "w").close()`]);
  renameSync(`${complete}.part`, complete);
  return python;
}

/** Emits all three signals over one protocol; says what was emitted. Throws with the program's own words when it fails. */
export async function speakPython(protocol: "grpc" | "http", port: number, name: string): Promise<Said> {
  const { stdout, stderr } = await run(
    await interpreter(),
    [join(here, "speak.py"), protocol, `http://127.0.0.1:${port}`, name],
    {
      timeout: SPEAK_MS,
    },
  );
  // The SDK tells of failed exports on stderr only; a warning about its own API is no failure.
  if (/error|failed|exception/i.test(stderr)) throw new Error(`the Python SDK: ${stderr.slice(0, 2000)}`);
  // The script prints exactly this shape as its last line.
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Said;
}

/** A span to be exported: its name, and the bytes of its one attribute. */
export type SpanOfSize = readonly [name: string, bytes: number];

/** Hands spans to the SDK's exporter in one call; whether the exporter says that they are with the server. */
export async function exportWithPython(
  protocol: "grpc" | "http",
  port: number,
  spans: readonly SpanOfSize[],
): Promise<boolean> {
  const named = spans.map(([name, bytes]) => `${name}=${bytes}`);
  const { stdout } = await run(
    await interpreter(),
    [join(here, "export_spans.py"), protocol, `http://127.0.0.1:${port}`, ...named],
    { timeout: SPEAK_MS },
  );
  return stdout.trim() === "SUCCESS";
}
