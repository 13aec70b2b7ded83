/** Every command as scripts call it: its exit code and the lines that they rely on. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { freePorts } from "../rig/free-port.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { runOfClients, testFolder } from "./road.ts";
import { runRondo, SEED } from "./run-rondo.ts";
import { startSinkProcess } from "./sink-process.ts";

const COMMANDS = ["up", "validate", "components", "print-config", "ledger", "dlq", "sink", "replay-recording", "demo"];
const USAGE = 2;

/** What is called, and what it says. */
type Call = readonly [args: readonly string[], line: RegExp];

describe("help", () => {
  test("--help names every command, and its page names its flags", async () => {
    const { code, out, err } = await runRondo(["--help"]);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} `, "m"));
    expect([code, err]).toEqual([0, ""]);
    const up = await runRondo(["up", "--help"]);
    for (const flag of [
      "config <file>",
      "data <dir>",
      "set <path=value>",
      "metrics-address",
      "health-address",
      "drain-timeout",
    ])
      expect(up.out).toContain(`--${flag}`);
    expect(up.out).toMatch(/how long an orderly stop may take\s+\(default:\s+10s\)/);
    expect(up.code).toBe(0);
  });

  test("--version is that of the package", async () => {
    const manifest = new URL("../../packages/cli/package.json", import.meta.url);
    const { version }: { readonly version: string } = JSON.parse(readFileSync(manifest, "utf8"));
    expect(await runRondo(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });
});

describe("calls that are wrong end with 2 and say so in one line", () => {
  test.concurrent.for([
    [["upp"], /unknown command 'upp'.*up/s],
    [["up"], /no configuration: name at least one file with --config/],
    [["validate", "--confg", SEED], /unknown option '--confg'.*--config/s],
    [["up", "--config", SEED, "--drain-timeout", "10"], /--drain-timeout.*write a duration with a unit/],
    [
      ["up", "--config", SEED, "--metrics-address", "nowhere"],
      /--metrics-address nowhere is not an address: write host:port/,
    ],
    [["up", "--config", SEED, "--set", "exporters"], /exporters/],
    [
      ["up", "--config", SEED, "--feature-gates", "service.nosuch"],
      /--feature-gates: no such feature gate "service.nosuch"; valid gates: service.profilesSupport/,
    ],
    [["sink", "--grpc", "nowhere"], /--grpc nowhere is not an address/],
    [["sink", "--answer", "sulk"], /--answer.*sulk/],
    [["replay-recording"], /missing required argument 'file'/],
    [["replay-recording", "missing.ndjson"], /cannot read the recording .*missing\.ndjson: there is no such file/],
    [["replay-recording", SEED, "--speed", "fast"], /--speed fast must be a number such as 1 or 20, or max/],
    [["replay-recording", SEED], /otel-collector-config\.yaml:1 is not a JSON object/],
    [["demo", "--speed", "fast"], /--speed fast must be a number/],
  ] as const satisfies readonly Call[])("%j", async ([args, line], { expect }) => {
    const { code, out, err } = await runRondo(args);
    expect(err).toMatch(line);
    const said = err.split("\n").filter((one) => one !== "" && !one.startsWith("{") && !one.startsWith("("));
    expect(said.length, err).toBeLessThanOrEqual(2);
    expect([code, out]).toEqual([USAGE, ""]);
  });
});

test("components: what can be configured, and what is known and not built yet", async () => {
  const { code, out, err } = await runRondo(["components"]);
  const section = (name: string) => out.split(/^(?=\S)/m).find((one) => one.startsWith(`${name}:`)) ?? "";
  const built = (name: string) => [...section(name).matchAll(/^ {2}(\w+)(?: \((\w+)\))?$/gm)].map(([, type]) => type);
  expect(built("receivers")).toEqual(["otlp"]);
  expect(built("processors").sort()).toEqual([
    ...["attributes", "batch", "deltatocumulative", "memory_limiter", "resource"],
  ]);
  expect(built("exporters").sort()).toEqual([
    ...["debug", "loki", "otlp", "otlphttp", "prometheus", "prometheusremotewrite"],
  ]);
  expect(built("extensions").sort()).toEqual([
    ...["basicauth", "bearertokenauth", "clientcertauth", "headers_setter", "health_check"],
  ]);
  expect(section("receivers")).toMatch(/known, not built yet:[^:]*\bprometheus\b/);
  expect([code, err]).toEqual([0, ""]);
});

describe("print-config", () => {
  test("prints the seed as it takes effect: a configuration that means the same", async () => {
    const { code, out, err } = await runRondo(["print-config", "--config", SEED]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^ {2}otlp\/tempo:\n {4}endpoint: tempo:4317$/m);
    expect(out, "a default that nobody wrote").toMatch(/^ {6}initial_interval: 5s$/m);
    const again = join(testFolder(), "printed.yaml");
    writeFileSync(again, out);
    const reprinted = await runRondo(["print-config", "--config", again]);
    expect(reprinted).toEqual({ code: 0, out, err: "" });
  });

  test("merges files and overrides, and expands the environment", async () => {
    const folder = testFolder();
    const more = join(folder, "more.yaml");
    writeFileSync(more, `exporters: {otlp/tempo: {endpoint: '\${env:RONDO_TEST_HOST}:4317', timeout: 7s}}\n`);
    const args = ["--config", SEED, "--config", more, "--set", "processors.batch.timeout=3s"];
    const { code, out } = await runRondo(["print-config", ...args], { env: { RONDO_TEST_HOST: "elsewhere" } });
    expect(code).toBe(0);
    expect(out).toMatch(/^ {4}endpoint: elsewhere:4317$/m);
    expect(out).toMatch(/^ {4}timeout: 7s$/m);
    expect(out).toMatch(/^ {2}batch:\n {4}timeout: 3s$/m);
  });

  test("a variable that is not set is named, with the place that wants it", async () => {
    const config = join(testFolder(), "rondo.yaml");
    writeFileSync(config, readFileSync(SEED, "utf8").replace("tempo:4317", `\${env:RONDO_TEST_UNSET}`));
    for (const command of ["print-config", "validate", "up"]) {
      const { code, out, err } = await runRondo([command, "--config", config]);
      expect(command === "validate" ? out : err).toMatch(
        /^warning: \S+:45: exporters::otlp\/tempo::endpoint: environment variable RONDO_TEST_UNSET is not set.*set it, or/m,
      );
      expect(err).toMatch(/^error: \S+:45: exporters::otlp\/tempo::endpoint: is required/m);
      expect(code).toBe(USAGE);
    }
  });
});

describe("ledger", () => {
  test("of a folder that holds no data: one line, exit 1", async () => {
    const data = testFolder();
    const { code, out, err } = await runRondo(["ledger", "--config", SEED, "--data", data]);
    expect([code, out, err]).toEqual([1, "", `rondo: data directory ${data} holds no data of Rondo; check --data\n`]);
  });
});

describe("sink", () => {
  test("says its addresses, keeps what arrives, and sums it up at the end", async () => {
    const [grpc = 0, http = 0] = await freePorts(2);
    const sink = await startSinkProcess([
      { name: "otlp/tempo", speaks: "grpc", port: grpc },
      { name: "otlphttp/loki", speaks: "http", port: http },
    ]);
    const client = httpClient({ port: http, timeoutMs: 3000 });
    const body = buildRequest("logs", runOfClients(), 0, 9, 0);
    expect([await client.send("logs", body), await client.send("logs", body)]).toEqual([
      { kind: "accepted" },
      { kind: "accepted" },
    ]);
    client.close();
    const { code, out } = await sink.stop();
    expect(out.split("\n")).toEqual([
      `listening otlp/tempo grpc 127.0.0.1:${grpc}`,
      `listening otlphttp/loki http http://127.0.0.1:${http}`,
      expect.stringMatching(/^status http:\/\/127\.0\.0\.1:\d+$/),
      "otlp/tempo     nothing arrived",
      "otlphttp/loki  18 log records (9 ids, 9 repeated)",
      "",
    ]);
    expect(code).toBe(0);
  });

  test("a port in use: one line, exit 1", async () => {
    const [port = 0] = await freePorts(1);
    const first = await startSinkProcess([{ name: "a", speaks: "grpc", port }]);
    const { code, out, err } = await runRondo(["sink", "--http", `b=127.0.0.1:${port}`]);
    await first.stop();
    expect(err).toMatch(new RegExp(`^rondo sink: .*127\\.0\\.0\\.1:${port}.*in use.*\n$`));
    expect([code, out]).toEqual([1, ""]);
  });
});
