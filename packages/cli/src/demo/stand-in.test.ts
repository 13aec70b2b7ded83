import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { graphOf } from "../configuration.cases.ts";
import { exportersOf, type StandInOptions, speaksOtlp, startStandIn } from "./stand-in.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rondo-stand-in-"));
});
afterEach(() => rm(folder, { recursive: true }));

const EXPORTERS = [
  { id: "otlp/a", type: "otlp" },
  { id: "otlphttp", type: "otlphttp" },
];

/** A program that is started in the sink's place: it writes down its arguments and its process, then does what `then` says. */
async function sinkThat(then: string): Promise<Omit<StandInOptions, "clock">> {
  const main = join(folder, "main.mjs");
  const born = JSON.stringify(join(folder, "born"));
  await writeFile(
    main,
    `import { writeFileSync } from "node:fs";
    writeFileSync(${born}, JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }));
    ${then}`,
  );
  return { exporters: EXPORTERS, ignore: ["run", "site"], main, abort: new AbortController().signal };
}

const born = async (): Promise<{ readonly pid: number; readonly args: readonly string[] }> =>
  JSON.parse(await readFile(join(folder, "born"), "utf8"));

/** Whether a process is there; signal 0 only asks. */
function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const STAYS = "setInterval(() => {}, 1000);";
const SPEAKS = `console.log("listening otlp/a grpc 127.0.0.1:4001");
  console.log("listening otlphttp http http://127.0.0.1:4002");
  console.log("status http://127.0.0.1:4003");`;

test("a sink gets one listener per exporter, and the exporters its addresses; stop ends it", async () => {
  const clock = new FakeClock();
  const standIn = await startStandIn({ ...(await sinkThat(SPEAKS + STAYS)), clock });
  const { pid, args } = await born();
  expect(args).toEqual([
    ...["sink", "--until-stdin-ends", "--grpc", "otlp/a=127.0.0.1:0", "--http", "otlphttp=127.0.0.1:0"],
    ...["--ignore", "run", "--ignore", "site"],
  ]);
  expect(standIn.sets).toEqual([
    "exporters::otlp/a::endpoint=127.0.0.1:4001",
    "exporters::otlphttp::endpoint=http://127.0.0.1:4002",
  ]);
  expect([runs(pid), clock.pending]).toEqual([true, 0]);
  await standIn.stop();
  expect(runs(pid)).toBe(false);
  await standIn.stop();
});

describe("a start that fails leaves no process behind:", () => {
  test("it says nothing", async () => {
    const clock = new FakeClock();
    const started = startStandIn({ ...(await sinkThat(STAYS)), clock });
    const failed = expect(started).rejects.toMatchObject({
      code: "startup",
      message: "the sink that stands in for the backends said no address within 10 s",
    });
    await expect.poll(born).toMatchObject({ args: expect.anything() });
    await clock.advance(10_000);
    await failed;
    expect(runs((await born()).pid)).toBe(false);
  });

  test("it ends", async () => {
    const clock = new FakeClock();
    await expect(startStandIn({ ...(await sinkThat("process.exit(7);")), clock })).rejects.toThrow(
      "ended at its start with code 7",
    );
    expect(clock.pending).toBe(0);
  });

  test("a listener is missing", async () => {
    const half = await sinkThat(`console.log("status http://127.0.0.1:4003");${STAYS}`);
    await expect(startStandIn({ ...half, clock: systemClock })).rejects.toMatchObject({
      code: "bug",
      message: "the sink has no listener for otlp/a",
    });
    expect(runs((await born()).pid)).toBe(false);
  });
});

test("an exporter of two pipelines is stood in for once, and one that prints is left as it is", () => {
  const graph = graphOf(`
    receivers: {otlp: {protocols: {http: }}}
    exporters: {debug: , otlp/a: {endpoint: "127.0.0.1:1", tls: {insecure: true}}, otlphttp: {endpoint: "http://127.0.0.1:2"}}
    service:
      pipelines:
        traces: {receivers: [otlp], exporters: [otlp/a, debug]}
        logs: {receivers: [otlp], exporters: [otlphttp, otlp/a]}`);
  const exporters = exportersOf(graph);
  expect(exporters.map(({ id }) => id)).toEqual(["otlp/a", "debug", "otlphttp"]);
  expect(exporters.filter(speaksOtlp).map(({ id }) => id)).toEqual(["otlp/a", "otlphttp"]);
});
