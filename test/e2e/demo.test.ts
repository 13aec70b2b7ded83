/** What `npm start` runs, without a terminal: it ends by itself, and its last line says that everything arrived. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { parseMetrics, sumOf } from "../rig/metrics-page.ts";
import { choosePorts, type Ports } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";
import { type Ended, runRondo, SEED, spoken } from "./run-rondo.ts";

const CLOSING =
  "271 spans, 151 data points, 63 log records sent; every exporter received the same ids " +
  "(otlp/tempo 271, debug 271, otlphttp/grafana 151, debug 151, debug 63), dropped 0, in flight 0";

/** Three times what it takes on two busy cores. */
const BOUND_MS = 45_000;

interface Demo {
  run(speed: readonly string[], started?: (pid: number) => void): Promise<Ended>;
  /** Items that its receivers have accepted so far; 0 while it does not answer. */
  accepted(): Promise<number>;
}

/** The seed as it is, but for its ports: a machine may run tests and something else. */
function demoIn(folder: string, ports: Ports): Demo {
  const config = join(folder, "seed.yaml");
  const seed = readFileSync(SEED, "utf8");
  writeFileSync(
    config,
    seed
      .replace("0.0.0.0:4317", `127.0.0.1:${ports.grpc}`)
      .replace("0.0.0.0:4318", `127.0.0.1:${ports.http}`)
      .replace("0.0.0.0:8889", "127.0.0.1:0"),
  );
  const addresses = [
    "--metrics-address",
    `127.0.0.1:${ports.metrics}`,
    "--health-address",
    `127.0.0.1:${ports.health}`,
  ];
  const args = ["demo", "--config", config, "--data", join(folder, "data"), ...addresses];
  return {
    run: (speed, started = () => {}) => runRondo([...args, ...speed], { timeoutMs: BOUND_MS, started }),
    async accepted() {
      const page = await fetch(`http://127.0.0.1:${ports.metrics}/metrics`).then(
        (response) => response.text(),
        () => "",
      );
      return sumOf(parseMetrics(page), "rondo_items_accepted_total");
    },
  };
}

const lastLine = ({ out }: Ended) => spoken(out).at(-1);

describe("rondo demo without a terminal", () => {
  let demo: Demo;
  beforeEach(async () => {
    demo = demoIn(testFolder(), await choosePorts());
  });

  test("ends with exit 0, and again on the same data, each time counting its own run", async () => {
    const first = await demo.run(["--speed", "12"]);
    expect([lastLine(first), first.code]).toEqual([CLOSING, 0]);
    const second = await demo.run(["--speed", "max"]);
    expect([lastLine(second), second.code]).toEqual([CLOSING, 0]);
    expect(second.out).toMatch(/^271 spans, 151 data points, 63 log records accepted$/m);
  });

  test("counts its own run after a kill -9 of the one before", async () => {
    let killed = 0;
    const first = demo.run(["--speed", "16"], (pid) => {
      killed = pid;
    });
    // In the middle of the run, with a good part accepted and a good part to come.
    while ((await demo.accepted()) < 150) await pause(50);
    process.kill(killed, "SIGKILL");
    expect((await first).code).toBe(-1);
    const second = await demo.run(["--speed", "max"]);
    expect([lastLine(second), second.code]).toEqual([CLOSING, 0]);
  });

  test.skipIf(process.platform !== "linux")("leaves no process behind when it is killed", async () => {
    let killed = 0;
    const first = demo.run([], (pid) => {
      killed = pid;
    });
    while ((await demo.accepted()) === 0) await pause(50);
    const [sink = ""] = readFileSync(`/proc/${killed}/task/${killed}/children`, "utf8").split(" ");
    expect(readFileSync(`/proc/${sink}/cmdline`, "utf8")).toContain("sink");
    process.kill(killed, "SIGKILL");
    await first;
    const alive = () => {
      try {
        return readFileSync(`/proc/${sink}/cmdline`, "utf8").includes("sink");
      } catch {
        return false;
      }
    };
    for (let waited = 0; waited < 5000 && alive(); waited += 50) await pause(50);
    expect(alive()).toBe(false);
  });

  test("SIGTERM ends it with exit 1, and it says what was not sent", async () => {
    let pid = 0;
    const run = demo.run(["--speed", "1"], (started) => {
      pid = started;
    });
    while ((await demo.accepted()) === 0) await pause(50);
    process.kill(pid, "SIGTERM");
    const { code, out } = await run;
    expect(code).toBe(1);
    expect(out).toMatch(/^interrupted: \d+ requests were not sent$/m);
    expect(spoken(out).at(-1)).toMatch(/^271 spans, .* sent; .* received other ids/);
  });
});
