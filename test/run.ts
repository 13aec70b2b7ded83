/** Runs every stage of `npm test`, prints what failed where, and ends with `N passed, N failed, N skipped`. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STAGES, type Stage } from "./stages.ts";
import { addTallies, NO_TESTS, parseRunResult, type RunResult, tallyLine } from "./tally.ts";

const root = new URL("..", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "rondo-test-"));

/** Runs a stage with its output passed through; resolves to its exit code, 1 when it could not start or was killed. */
function exitCodeOf(stage: Stage, tallyFile: string): Promise<number> {
  const [command, ...args] = stage.command;
  const reporters =
    stage.counted === "tests" ? ["--reporter=default", `--reporter=${join(root, "test/tally-reporter.ts")}`] : [];
  return new Promise((resolve) => {
    const child = spawn(command, [...args, ...reporters], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, RONDO_TALLY: tallyFile },
    });
    child.on("error", (error) => {
      console.error(`${stage.name}: ${command} cannot be started: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

async function resultOf(stage: Stage, index: number): Promise<RunResult> {
  const tallyFile = join(scratch, `${index}.json`);
  const code = await exitCodeOf(stage, tallyFile);
  const passed = { tally: { ...NO_TESTS, passed: 1 }, failures: [] };
  const failed = { tally: { ...NO_TESTS, failed: 1 }, failures: [`${stage.name}: exit code ${code}`] };
  if (stage.counted === "check") return code === 0 ? passed : failed;
  const result = parseRunResult(readIfThere(tallyFile)) ?? failed;
  // A runner that fails without a failed test (no tests found, a coverage bar) must not pass.
  return code !== 0 && result.tally.failed === 0
    ? { tally: { ...result.tally, failed: 1 }, failures: failed.failures }
    : result;
}

const only = process.argv.slice(2);
const known = STAGES.map((stage) => stage.name);
for (const name of only) {
  if (known.includes(name)) continue;
  console.error(`there is no stage "${name}"; the stages are: ${known.join(", ")}`);
  process.exit(2);
}

let total = NO_TESTS;
const lines: string[] = [];
const failures: string[] = [];
for (const [index, stage] of STAGES.entries()) {
  if (only.length > 0 && !only.includes(stage.name)) continue;
  console.log(`\n=== ${stage.name}`);
  const before = performance.now();
  const { tally, failures: found } = await resultOf(stage, index);
  const seconds = ((performance.now() - before) / 1000).toFixed(1);
  total = addTallies(total, tally);
  failures.push(...found.map((failure) => `failed: ${failure}`));
  lines.push(`${tally.failed > 0 ? "FAILED" : "ok    "} ${stage.name}: ${tallyLine(tally)} (${seconds} s)`);
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${[...failures, ...lines].join("\n")}`);
process.exitCode = total.failed > 0 ? 1 : 0;
console.log(tallyLine(total));
