import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { descriptorDestination, FULL_PIPE_WAIT_MS } from "./log-destination.ts";

const index = new URL("./index.ts", import.meta.url).href;
const core = new URL("../../core/src/index.ts", import.meta.url).href;

/** Runs a script with a `log` on its stdout in a process of its own. */
function child(script: string) {
  const source = `
    import { createLog, descriptorDestination } from ${JSON.stringify(index)};
    import { systemClock } from ${JSON.stringify(core)};
    const destination = descriptorDestination(1, false);
    const log = await createLog({ level: "info", format: "auto", clock: systemClock, destination });
    ${script}`;
  return spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test("a process that is killed right after a call has written that line", async () => {
  const killed = child(`
    for (let n = 0; n < 50; n++) log.info("line", { n });
    process.kill(process.pid, "SIGKILL");`);
  let out = "";
  killed.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const [, signal] = await once(killed, "close");
  expect(signal).toBe("SIGKILL");
  const lines = out.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});

test("a process whose log nobody reads any more lives", async () => {
  const alone = child(`
    log.info("ready");
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let n = 0; n < 100; n++) log.info("line", { n });
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.stderr.write("alive");`);
  let errors = "";
  alone.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  await once(alone.stdout, "data");
  alone.stdout.destroy();
  const [code] = await once(alone, "close");
  expect([code, errors]).toEqual([0, "alive"]);
});

test.runIf(existsSync("/dev/full"))("a full disk costs the line, not the process", () => {
  const fd = openSync("/dev/full", "w");
  const destination = descriptorDestination(fd, false);
  expect(() => destination.write("line\n")).not.toThrow();
  closeSync(fd);
  // A descriptor that is closed is no worse.
  expect(() => destination.write("line\n")).not.toThrow();
});

test.runIf(process.platform === "linux")("a full non-blocking pipe delays a line for a bounded time", () => {
  const folder = mkdtempSync(join(tmpdir(), "rondo-log-"));
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  // On Linux a named pipe that is open for both has a reader, which here never reads.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const started = performance.now();
    descriptorDestination(fd, false).write("x".repeat(1 << 20));
    expect(performance.now() - started).toBeGreaterThanOrEqual(FULL_PIPE_WAIT_MS / 2);
    expect(performance.now() - started).toBeLessThan(FULL_PIPE_WAIT_MS * 6);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
