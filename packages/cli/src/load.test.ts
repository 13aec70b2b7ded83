import { expect, test } from "vitest";
import { findingLine, loadGraph, problemLines, readConfig } from "./load.ts";

const yaml = (text: string) => ({ config: [`yaml:${text}`], set: [] });

const RIGHT =
  "{receivers: {otlp: {protocols: {http: }}}, exporters: {debug: }, service: {pipelines: {logs: PIPELINE}}}";

function gathered() {
  const lines: string[] = [];
  return { lines, out: { line: (text: string) => lines.push(text), error: (text: string) => lines.push(text) } };
}

test("a finding is file, line, path and message, as far as they are known", () => {
  expect(findingLine({ path: "a::b", message: "is odd", file: "x.yaml", line: 3 })).toBe("x.yaml:3: a::b: is odd");
  expect(findingLine({ path: "a", message: "is odd", file: "x.yaml" })).toBe("x.yaml: a: is odd");
  expect(findingLine({ path: "", message: "is not YAML" })).toBe("is not YAML");
});

test("a right configuration becomes a graph, and nothing is printed", async () => {
  const { lines, out } = gathered();
  const graph = await loadGraph(yaml(RIGHT.replace("PIPELINE", "{receivers: [otlp], exporters: [debug]}")), out);
  expect(graph?.pipelines.map(({ id }) => id)).toEqual(["logs"]);
  expect(lines).toEqual([]);
});

test("a wrong one prints every problem and is no graph", async () => {
  const { lines, out } = gathered();
  const graph = await loadGraph(yaml(RIGHT.replace("PIPELINE", "{receivers: [otpl], exporters: [debig]}")), out);
  expect(graph).toBeUndefined();
  expect(lines).toEqual([expect.stringMatching(/^error: .*otpl/), expect.stringMatching(/^error: .*debig/)]);
});

test("a warning of the same place stands before the problem that it explains, others are left out", () => {
  const problem = { path: "exporters::a::endpoint", message: "is required" };
  const lines = problemLines({
    problems: [problem],
    warnings: [
      { path: "exporters::b", message: "has an old name" },
      { path: "exporters::a::endpoint", message: "X is not set" },
    ],
  });
  expect(lines).toEqual([
    "warning: exporters::a::endpoint: X is not set",
    "error: exporters::a::endpoint: is required",
  ]);
});

test("the same line is not printed twice", () => {
  const problem = { path: "", message: "is not YAML", file: "x.yaml", line: 3 };
  expect(problemLines({ problems: [problem, { ...problem }], warnings: [] })).toEqual(["error: x.yaml:3: is not YAML"]);
});

test("a file that cannot be read is a fault of the configuration", async () => {
  await expect(readConfig({ config: ["/dev/null/x.yaml"], set: [] })).rejects.toMatchObject({ code: "config" });
});
