/** What keeps Rondo from starting is said in one line: what, where, what to do. Nothing is left running. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { choosePorts, type Ports } from "../rig/rondo-process.ts";
import { type AtTheEnd, openRoad, roadYaml, testFolder } from "./road.ts";
import { logLines, runRondo, SEED, spoken } from "./run-rondo.ts";
import { smallDisk } from "./small-disk.ts";

const FAILED = 1;
const USAGE = 2;

/** Takes a port until the test ends, as another program would. */
async function occupy(port: number, atTheEnd: AtTheEnd): Promise<void> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  atTheEnd(() => void server.close());
}

interface Prepared {
  readonly folder: string;
  readonly ports: Ports;
  readonly args: readonly string[];
}

/** `rondo up` with a configuration that is right, before something is done to it. */
async function prepared(atTheEnd: AtTheEnd, yaml?: string): Promise<Prepared> {
  const [folder, ports] = [testFolder(atTheEnd), await choosePorts()];
  const config = join(folder, "rondo.yaml");
  writeFileSync(config, yaml ?? roadYaml(ports, [], join(folder, "debug.ndjson")));
  const own = ["--metrics-address", `127.0.0.1:${ports.metrics}`, "--health-address", `127.0.0.1:${ports.health}`];
  return { folder, ports, args: ["up", "--config", config, "--data", join(folder, "data"), ...own] };
}

describe("a port in use", () => {
  test.concurrent.for([
    [
      "gRPC",
      "grpc",
      /^rondo up: receivers::otlp::protocols::grpc::endpoint: PLACE is in use by another process; .*choose another port$/,
    ],
    [
      "HTTP",
      "http",
      /^rondo up: receivers::otlp::protocols::http::endpoint: PLACE is in use by another process; .*choose another port$/,
    ],
    ["metrics", "metrics", /^rondo up: metrics address PLACE is in use by another process; .* with --metrics-address$/],
    ["health", "health", /^rondo up: health address PLACE is in use by another process; .* with --health-address$/],
  ] as const)("%s", async ([, which, line], { expect, onTestFinished }) => {
    const { ports, args } = await prepared(onTestFinished);
    await occupy(ports[which], onTestFinished);
    const { code, out, err } = await runRondo(args);
    expect(spoken(err).map((said) => said.replace(`127.0.0.1:${ports[which]}`, "PLACE"))).toEqual([
      expect.stringMatching(line),
    ]);
    expect([code, out]).toEqual([FAILED, ""]);
  });

  test("the health_check extension's own endpoint is named as the configuration has it", async () => {
    const { folder, ports } = await prepared(onTestFinished);
    await occupy(ports.health, onTestFinished);
    const yaml = roadYaml(ports, [], join(folder, "debug.ndjson"))
      .replace("service:\n", "service:\n  extensions: [health_check]\n")
      .concat(`extensions: {health_check: {endpoint: "127.0.0.1:${ports.health}"}}\n`);
    writeFileSync(join(folder, "rondo.yaml"), yaml);
    const { code, err } = await runRondo([
      ...["up", "--config", join(folder, "rondo.yaml"), "--data", join(folder, "data")],
      ...["--metrics-address", "127.0.0.1:0"],
    ]);
    expect(spoken(err)).toEqual([expect.stringContaining(`127.0.0.1:${ports.health} is in use by another process`)]);
    expect(code).toBe(FAILED);
  });
});

test("the page of an exporter that another program's port keeps away is named as the configuration has it", async () => {
  const { folder, ports, args } = await prepared(onTestFinished);
  await occupy(ports.health, onTestFinished);
  const yaml = roadYaml(ports, [], join(folder, "debug.ndjson"));
  const page = `exporters: {prometheus: {endpoint: "127.0.0.1:${ports.health}"}}\nservice: {pipelines: {metrics: {exporters: [prometheus]}}}\n`;
  writeFileSync(join(folder, "rondo.yaml"), yaml);
  writeFileSync(join(folder, "page.yaml"), page);
  const { code, err } = await runRondo([...args, "--config", join(folder, "page.yaml"), "--health-address", ":0"]);
  expect(spoken(err)).toEqual([
    `rondo up: exporter prometheus's address 127.0.0.1:${ports.health} is in use by another process; stop it or choose another address with exporters::prometheus::endpoint`,
  ]);
  expect(code).toBe(FAILED);
});

describe("a configuration that is wrong", () => {
  /** The seed with one thing changed, and the number of the line on which it stands. */
  function seedWith(from: string, to: string): { readonly yaml: string; readonly line: number } {
    const seed = readFileSync(SEED, "utf8");
    expect(seed, "the seed has changed").toContain(from);
    return { yaml: seed.replace(from, to), line: seed.slice(0, seed.indexOf(from)).split("\n").length };
  }

  test.concurrent.for([
    [
      "an unknown key",
      "send_batch_size:",
      "send_batch_sise:",
      / processors::batch::send_batch_sise: unknown key; did you mean send_batch_size\?$/,
    ],
    [
      "an unknown key deep down",
      "    endpoint: tempo:4317\n    tls:\n      insecure: true",
      "    endpoint: tempo:4317\n    tls:\n      insecur: true",
      / exporters::otlp\/tempo::tls::insecur: unknown key; did you mean insecure\?$/,
    ],
    [
      "an unknown component",
      "  memory_limiter:",
      "  memory_limitr:",
      / processors::memory_limitr: unknown type: "memory_limitr" .*; did you mean memory_limiter\?$/,
    ],
    [
      "a pipeline that names what is not there",
      "exporters: [otlp/tempo, debug]",
      "exporters: [otlp/temp, debug]",
      / service::pipelines::traces::exporters::0: references exporter "otlp\/temp" .*; did you mean otlp\/tempo\?$/,
    ],
  ] as const)("%s: with the nearest name", async ([, from, to, line], { expect, onTestFinished }) => {
    const changed = seedWith(from, to);
    const { folder, args } = await prepared(onTestFinished, changed.yaml);
    const { code, out, err } = await runRondo(args);
    const errors = spoken(err);
    expect(errors[0]).toMatch(line);
    // Which line of which file; the deep one stands two lines below where its block begins.
    const place = /^error: (\S+):(\d+): /.exec(errors[0] ?? "");
    expect(place?.[1]).toBe(join(folder, "rondo.yaml"));
    expect(Number(place?.[2]) - changed.line).toBe(to.split("\n").length - 1);
    expect([code, out]).toEqual([USAGE, ""]);
  });

  test.concurrent.for([
    ["a quote that is not closed", 'receivers:\n  otlp: "abc\nservice: []\n', 4, /a closing quote, .* is missing/],
    ["a bracket that is not closed", "receivers:\n  otlp: {protocols: {grpc: {}\nservice: []\n", 3, /indentation/],
    ["a tab", "receivers:\n\totlp: {}\n", 2, /tab; use spaces/],
  ] as const)("what is no YAML: %s", async ([, yaml, number, words], { expect, onTestFinished }) => {
    const { folder, args } = await prepared(onTestFinished, yaml);
    const { code, err } = await runRondo(args);
    expect(spoken(err)).toEqual([expect.stringMatching(words)]);
    expect(spoken(err)[0]).toContain(`error: ${join(folder, "rondo.yaml")}:${number}: is not YAML: `);
    expect(code).toBe(USAGE);
  });

  test("a file that is not there", async () => {
    const { code, err } = await runRondo(["up", "--config", join(testFolder(), "missing.yaml")]);
    expect(spoken(err)).toEqual([
      expect.stringMatching(/^rondo up: cannot read \S+missing\.yaml: there is no such file; check the path$/),
    ]);
    expect(code).toBe(USAGE);
  });

  test("every mistake is told at once", async () => {
    const twice = seedWith("send_batch_size:", "send_batch_sise:")
      .yaml.replace("namespace:", "namespac:")
      .replace("limit_mib: 1000", "limit_mib: much");
    const { args } = await prepared(onTestFinished, twice);
    const { err } = await runRondo(args);
    expect(spoken(err)).toEqual(
      ["send_batch_sise", "limit_mib", "namespac"].map((key) => expect.stringContaining(`${key}:`)),
    );
  });
});

describe("a data directory that cannot be used", () => {
  async function refused(data: string): Promise<readonly string[]> {
    const { args } = await prepared(onTestFinished);
    const { code, err } = await runRondo([...args, "--data", data]);
    expect(code).toBe(FAILED);
    return spoken(err).map((line) => line.replace(data, "DATA"));
  }

  test("below a file", async () => {
    const file = join(testFolder(), "file");
    writeFileSync(file, "");
    expect(await refused(join(file, "data"))).toEqual([
      "rondo up: data directory DATA: it is not a directory, or a part of its path is none; choose another directory with --data",
    ]);
  });

  test("a file", async () => {
    const file = join(testFolder(), "file");
    writeFileSync(file, "");
    expect(await refused(file)).toEqual([
      expect.stringMatching(
        /^rondo up: data directory DATA: .*(?:not a directory|a file).*choose another directory with --data$/,
      ),
    ]);
  });

  test("on a file system that has become read-only", async (context) => {
    const disk = smallDisk(context);
    const road = await openRoad({ data: join(disk.folder, "data") });
    road.rondo.launch();
    await road.rondo.ready();
    await road.rondo.stop();
    disk.makeReadOnly();
    expect(await refused(road.rondo.data)).toEqual([
      "rondo up: data directory DATA: it is on a file system that is mounted read-only; choose another directory with --data",
    ]);
  });

  test.skipIf(process.getuid?.() === 0)("without the right to write", async () => {
    const data = join(testFolder(), "data");
    mkdirSync(data);
    chmodSync(data, 0o500);
    expect(await refused(data)).toEqual([
      "rondo up: data directory DATA: it may not be read and written by this user; change its owner or choose another directory with --data",
    ]);
  });

  test("in use by a process that lives, which goes on undisturbed", async () => {
    const road = await openRoad();
    road.rondo.launch();
    await road.rondo.ready();
    expect(await refused(road.rondo.data)).toEqual([
      `rondo up: data directory DATA is in use by pid ${road.rondo.pid}; stop that process or choose another directory with --data`,
    ]);
    expect(await road.rondo.stop()).toBe(0);
    expect(logLines(road.rondo.logged()).filter((line) => !line.startsWith("info"))).toEqual([]);
  });

  test("a folder of something else is not touched", async () => {
    const folder = testFolder();
    writeFileSync(join(folder, "version"), "holiday pictures\n");
    expect(await refused(folder)).toEqual([
      expect.stringMatching(
        /^rondo up: data directory DATA says "holiday pictures", .*choose another directory with --data$/,
      ),
    ]);
    expect(readFileSync(join(folder, "version"), "utf8")).toBe("holiday pictures\n");
  });
});
