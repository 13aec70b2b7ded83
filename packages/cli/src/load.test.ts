import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { printed } from "./configuration.cases.ts";
import { findingLine, loadGraph, readConfig } from "./load.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rondo-load-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const BASE = `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {verbosity: basic}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}
`;

describe("a finding is one line", () => {
  const cases: readonly [what: string, finding: Parameters<typeof findingLine>[0], line: string][] = [
    [
      "with file and line",
      { file: "a.yaml", line: 7, path: "exporters::x", message: "m" },
      "a.yaml:7: exporters::x: m",
    ],
    ["of a whole file", { file: "a.yaml", path: "", message: "is not YAML" }, "a.yaml: is not YAML"],
    ["of no file", { path: "service", message: "is missing" }, "service: is missing"],
    ["of nothing in particular", { path: "", message: "is empty" }, "is empty"],
  ];
  test.each(cases)("%s", (_what, finding, line) => expect(findingLine(finding)).toBe(line));
});

test("files are merged in their order, and --set comes last", async () => {
  const config = [
    await file("base.yaml", BASE),
    await file("site.yaml", "exporters: {debug: {verbosity: detailed, sampling_initial: 9}}"),
  ];
  const { errors, out } = printed();
  const graph = await loadGraph({ config, set: ["exporters.debug.sampling_initial=3"] }, out);
  expect(graph?.pipelines[0]?.exporters[0]?.values).toMatchObject({ verbosity: "detailed", sampling_initial: 3 });
  expect(errors).toEqual([]);
});

test("a value may stand in a file of its own", async () => {
  const level = await file("level", "normal");
  const config = [await file("base.yaml", BASE.replace("basic", `"\${file:${level}}"`))];
  const { graph } = await readConfig({ config, set: [] });
  expect(graph?.pipelines[0]?.exporters[0]?.values).toMatchObject({ verbosity: "normal" });
});

test("with a problem there is no graph, and every problem is printed with its line", async () => {
  const wrong = await file("wrong.yaml", BASE.replace("basic", "loud").replace("[debug]", "[debugg]"));
  const { lines, errors, out } = printed();
  expect(await loadGraph({ config: [wrong], set: [] }, out)).toBeUndefined();
  expect(lines).toEqual([]);
  expect(errors).toEqual([
    expect.stringMatching(/^error: .*wrong\.yaml:3: exporters::debug::verbosity: must be one of /),
    expect.stringMatching(/^error: .*wrong\.yaml:4: service::pipelines::logs::exporters.*did you mean debug\?$/),
  ]);
});

test("only a strict reading refuses what the Collector would refuse and Rondo can do without", async () => {
  const config = [await file("base.yaml", BASE.replace("service: {", "service: {extensions: [zpages], "))];
  expect((await readConfig({ config, set: [] })).graph).toBeDefined();
  const strict = await readConfig({ config, set: [], strict: true });
  expect(strict.graph).toBeUndefined();
  expect(strict.problems.map(({ message }) => message)).toEqual([expect.stringContaining('"zpages"')]);
});

test("what the windows are to keep besides is read with the configuration", async () => {
  const file = join(folder, "keep.yaml");
  await writeFile(
    file,
    `receivers: {otlp: {protocols: {http: }}}
exporters: {debug: {}}
windows: {keep: [up, "rate(up[5m])"]}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}
`,
  );
  const { graph, problems } = await readConfig({ config: [file], set: [] });
  expect(graph).toBeUndefined();
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^windows::keep\[1\] must be a selector/),
  ]);
});
