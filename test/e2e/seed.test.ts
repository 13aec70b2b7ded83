/** The configuration that people come with starts unchanged, and says once what is odd in it and what is left out. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePorts } from "../rig/free-port.ts";
import { prepareRondo } from "../rig/rondo-process.ts";
import { testFolder } from "./road.ts";
import { logLines, runRondo, SEED } from "./run-rondo.ts";

/** Where each warning of the seed stands, and words that it must have. */
const WARNINGS = [
  ["exporters::otlp/tempo", /write otlp_grpc\/tempo, here and in the pipelines/],
  ["exporters::otlphttp/grafana", /write otlp_http\/grafana, here and in the pipelines/],
  ["exporters::otlphttp/grafana::endpoint", /ends in \/v1\/metrics/],
  ["exporters::prometheus::namespace", /puts federated_learning_ before the name of every series/],
  ["service::pipelines::traces::processors::1", /batch stands before attributes, resource.*also in metrics, logs/],
  ["service::pipelines::logs::exporters", /logs goes only to debug, which keeps nothing/],
  ["service::extensions", /references health_check, pprof, zpages, for which there is no block/],
] as const;

const NOT_YET = [
  "not yet: receiver prometheus, 3 targets (left out of metrics)",
  "not yet: extension pprof",
  "not yet: extension zpages",
];

/** Exactly the warnings above, each once, whatever stands before and after them in a line. */
function expectSeedWarnings(lines: readonly string[]): void {
  const warnings = lines.filter((line) => !line.includes("not yet:"));
  const places = warnings.map((line) => /:(\d+): (\S+): /.exec(line)?.[2]);
  expect([...places].sort()).toEqual(WARNINGS.map(([place]) => place).sort());
  for (const [place, words] of WARNINGS)
    expect(
      warnings.filter((line) => line.includes(` ${place}: `)),
      place,
    ).toEqual([expect.stringMatching(words)]);
  expect(lines.filter((line) => line.includes("not yet:")).map((line) => line.slice(line.indexOf("not yet:")))).toEqual(
    NOT_YET,
  );
}

test("rondo up runs it, only on other ports", async () => {
  const folder = testFolder();
  const [grpc = 0, http = 0, metrics = 0, health = 0, page = 0] = await freePorts(5);
  // Its ports may be in use where tests run; nothing else of it is touched.
  const to = (protocol: string, port: number) => [
    "--set",
    `receivers.otlp.protocols.${protocol}.endpoint=127.0.0.1:${port}`,
  ];
  const shown = ["--set", `exporters.prometheus.endpoint=127.0.0.1:${page}`];
  const flags = [...to("grpc", grpc), ...to("http", http), ...shown];
  const rondo = prepareRondo(folder, { grpc, http, metrics, health }, readFileSync(SEED, "utf8"), { flags });
  rondo.launch();
  try {
    await rondo.ready();
    const lines = logLines(rondo.logged());
    expectSeedWarnings(lines.filter((line) => line.startsWith("warn ")));
    expect(lines.filter((line) => line.startsWith("error "))).toEqual([]);
    expect(lines).toContain("info ready");
    expect(lines).toContain(`info receiver otlp takes OTLP/grpc on 127.0.0.1:${grpc}`);
    expect(lines).toContain(`info exporter prometheus serves http://127.0.0.1:${page}/metrics`);
    expect((await fetch(`http://127.0.0.1:${page}/metrics`)).status).toBe(200);
    expect(await rondo.stop()).toBe(0);
  } finally {
    await rondo.kill().catch(() => undefined);
  }
});

test("rondo validate says the same and that it is valid", async () => {
  const { code, out, err } = await runRondo(["validate", "--config", SEED]);
  const lines = out.trimEnd().split("\n");
  expectSeedWarnings(lines.slice(0, -1));
  expect(lines.at(-1)).toBe("the configuration is valid: 1 receiver, 3 pipelines, 4 exporters");
  expect([code, err]).toEqual([0, ""]);
});

test("--strict refuses what the Collector would refuse", async () => {
  const strict = ["--strict", "--config", SEED];
  const { code, err } = await runRondo(["validate", ...strict]);
  expect(err).toMatch(/^error: .*service::extensions: references .*health_check/m);
  expect(code).toBe(2);
  expect((await runRondo(["up", ...strict, "--data", join(testFolder(), "data")])).code).toBe(2);
});
