import { describe, expect, test } from "vitest";
import { Findings } from "./findings.ts";
import { applyOverride } from "./override.ts";
import { rawValue } from "./raw-value.ts";
import { readYaml } from "./read-yaml.ts";
import { emptyMap, nodeAt } from "./tree.ts";

const BASE = `
exporters:
  otlp/tempo: {endpoint: a, tls: {insecure: true}}
  otlphttp/eu.west: {endpoint: b}
  otlphttp/eu: {west: x}
receivers: {otlp: {protocols: {grpc: }}}
actions: [{key: a}, {key: b}]
`;

function set(...texts: readonly string[]) {
  const findings = new Findings();
  const base = readYaml("f", BASE, () => {}) ?? emptyMap({ file: "f" });
  const tree = texts.reduce((all, text) => applyOverride(all, text, findings), base);
  return { problems: findings.problems, at: (...path: string[]) => rawValue(nodeAt(tree, path)), tree };
}

describe("paths", () => {
  test.each([
    ["exporters.otlp/tempo.endpoint=127.0.0.1:1", ["exporters", "otlp/tempo", "endpoint"], "127.0.0.1:1"],
    ["exporters::otlp/tempo::endpoint=127.0.0.1:1", ["exporters", "otlp/tempo", "endpoint"], "127.0.0.1:1"],
    ["exporters.otlphttp/eu.west.endpoint=c", ["exporters", "otlphttp/eu.west", "endpoint"], "c"],
    ["exporters.otlphttp/us.west.endpoint=c", ["exporters", "otlphttp/us", "west", "endpoint"], "c"],
    ["exporters::otlphttp/us.west::endpoint=c", ["exporters", "otlphttp/us.west", "endpoint"], "c"],
    ["receivers.otlp.protocols.grpc.endpoint=x", ["receivers", "otlp", "protocols", "grpc", "endpoint"], "x"],
    ["actions.1.key=z", ["actions", "1", "key"], "z"],
    ["actions.2.key=z", ["actions", "2", "key"], "z"],
    ["new.path=a=b", ["new", "path"], "a=b"],
    [" spaced.path = 1", ["spaced", "path"], 1],
  ])("%s", (text, path, value) => {
    const { at, problems } = set(text);
    expect(problems).toEqual([]);
    expect(at(...path)).toEqual(value);
  });

  test.each([
    ["novalue", /must be path=value/],
    ["=1", /empty part/],
    ["a.=1", /empty part/],
    [".a=1", /empty part/],
    ["a::::b=1", /empty part/],
  ])("%s is a problem", (text, message) => {
    expect(set(text).problems).toEqual([
      { path: "", message: expect.stringMatching(message), file: expect.stringMatching(/^--set /) },
    ]);
  });
});

describe("values", () => {
  test("are YAML, and keep what is around them", () => {
    const { at } = set("exporters.otlp/tempo.tls={ca_file: x}", "actions=[1]", "exporters.otlp/tempo.endpoint=");
    expect(at("exporters", "otlp/tempo", "tls")).toEqual(
      new Map<string, unknown>([
        ["insecure", true],
        ["ca_file", "x"],
      ]),
    );
    expect(at("actions")).toEqual([1]);
    expect(at("exporters", "otlp/tempo", "endpoint")).toBeNull();
  });

  test("a later one wins", () => {
    expect(set("a.b=1", "a.b=2").at("a", "b")).toBe(2);
  });

  test("are marked with their path, never with themselves", () => {
    const { tree, problems } = set("exporters.otlp/tempo.token=[hunter2", "exporters.otlp/tempo.endpoint=hunter2");
    expect(nodeAt(tree, ["exporters", "otlp/tempo", "endpoint"])?.mark).toEqual({
      file: "--set exporters.otlp/tempo.endpoint",
    });
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });
});
