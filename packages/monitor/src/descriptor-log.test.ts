import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

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
