import { readFileSync } from "node:fs";
import { Secret } from "@rondo/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { FAKE_TYPES, permissiveTypes } from "./fake-types.cases.ts";
import { readFeatureGates } from "./feature-gates.ts";
import type { Finding, Graph } from "./graph.ts";
import { loadConfig } from "./load-config.ts";

interface Case {
  readonly name: string;
  readonly config?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly strict?: boolean;
  readonly gates?: readonly string[];
  /** One line a pipeline: `id: receivers | processors | exporters`, then the extensions. Absent: there must be no graph. */
  readonly graph?: readonly string[];
  readonly broker?: unknown;
  /** Values of exporters, in part. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly notYet?: readonly string[];
  readonly problems?: readonly string[];
  readonly warnings?: readonly string[];
}

// Written by hand beside this file; a case of another shape shows as a failure of that case.
const cases = parse(readFileSync(new URL("load-config.test.yaml", import.meta.url), "utf8")) as readonly Case[];

const load = ({
  config = "",
  files = { "config.yaml": config },
  set = [],
  env = {},
  strict = false,
  gates = [],
}: Case) =>
  loadConfig({
    files: Object.entries(files).map(([name, text]) => ({ name, text })),
    sets: set,
    types: FAKE_TYPES,
    env: (name) => env[name],
    strict,
    gates: readFeatureGates(gates),
  });

function line({ file, line, path, message }: Finding): string {
  const place = file === "config.yaml" || file === undefined ? line : line === undefined ? file : `${file}:${line}`;
  return `${place === undefined ? "" : `${place} `}${path}: ${message}`;
}

/** Each actual finding, cut to the expected one's length where that ends in `…`. */
function cut(findings: readonly Finding[], expected: readonly string[]): readonly string[] {
  return findings.map((finding) => {
    const text = line(finding);
    const start = expected.find((one) => one.endsWith("…") && text.startsWith(one.slice(0, -1)));
    return start ?? text;
  });
}

function summary({ pipelines, extensions }: Graph): readonly string[] {
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).join(", ");
  return [
    ...pipelines.map(
      (one) => `${one.id}: ${one.receivers.join(", ")} | ${ids(one.processors)} | ${ids(one.exporters)}`,
    ),
    ...extensions.map(({ id }) => `extension ${id}`),
  ];
}

describe("what users write", () => {
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_name, one) => {
    const { graph, problems, warnings } = load(one);
    expect(cut(problems, one.problems ?? [])).toEqual(one.problems ?? []);
    expect(cut(warnings, one.warnings ?? [])).toEqual(one.warnings ?? []);
    expect(graph && summary(graph)).toEqual(one.graph);
    if (graph === undefined) return;
    const notYet = graph.notYet.map(
      ({ kind, id, extent, pipelines }) =>
        `${kind} ${id}${extent === undefined ? "" : `, ${extent}`}: ${pipelines.join(", ")}`,
    );
    expect(notYet).toEqual(one.notYet ?? []);
    expect(graph.warnings).toEqual(warnings);
    if (one.broker !== undefined) expect(graph.broker).toEqual(one.broker);
    const exporters = graph.pipelines.flatMap((pipeline) => pipeline.exporters);
    for (const [id, values] of Object.entries(one.values ?? {})) {
      expect(revealed(exporters.find((exporter) => exporter.id === id)?.values)).toMatchObject(Object(values));
    }
  });
});

function revealed(values: unknown): unknown {
  const entries = Object.entries(Object(values));
  return Object.fromEntries(entries.map(([key, one]) => [key, one instanceof Secret ? one.reveal() : one]));
}

describe("the user's own file", () => {
  const text = readFileSync(new URL("../../../deploy/examples/otel-collector-config.yaml", import.meta.url), "utf8");
  const files = [{ name: "seed.yaml", text }];
  const { graph, problems, warnings } = loadConfig({ files, sets: [], types: permissiveTypes(), env: () => undefined });

  test("loads unchanged", () => {
    expect(problems).toEqual([]);
    expect(graph && summary(graph)).toEqual([
      "traces: otlp | memory_limiter, batch, attributes, resource | otlp/tempo, debug",
      "metrics: otlp | memory_limiter, batch, attributes, resource | otlphttp/grafana, debug",
      "logs: otlp | memory_limiter, batch, attributes, resource | debug",
      "extension health_check",
    ]);
  });

  test("is told what a careful colleague would say, in the order of its lines", () => {
    expect(warnings.map(({ line, path, message }) => [line, path, message.slice(0, 40)])).toEqual([
      [44, "exporters::otlp/tempo", "otlp is the Collector's old name of otlp"],
      [48, "exporters::otlphttp/grafana", "otlphttp is the Collector's old name of "],
      [54, "exporters::prometheus::namespace", "puts federated_learning_ before the name"],
      [60, "service::pipelines::traces::processors::1", "batch stands before attributes, resource"],
      [69, "service::pipelines::logs::exporters", "logs goes only to debug, which keeps not"],
      [70, "service::extensions", "references health_check, pprof, zpages, "],
    ]);
    expect(warnings.find(({ line }) => line === 60)?.message).toMatch(/\(also in metrics, logs\)$/);
  });

  test("names what is left out", () => {
    expect(graph?.notYet).toEqual([
      { kind: "receiver", id: "prometheus", extent: "3 targets", pipelines: ["metrics"] },
      { kind: "exporter", id: "prometheus", pipelines: ["metrics"] },
      { kind: "extension", id: "pprof", pipelines: [] },
      { kind: "extension", id: "zpages", pipelines: [] },
    ]);
  });
});

/** A variable that names itself. */
const A_ITSELF = "$" + "{env:A}";

test("whatever stands in a file, loading answers and does not throw", () => {
  const word = fc.constantFrom(
    ...["receivers", "exporters", "service", "pipelines", "traces", "otlp", "debug", "grpc", "protocols", "extensions"],
    ...[
      "a::b",
      "__proto__",
      "1",
      "null",
      A_ITSELF,
      "${",
      "$$",
      "[",
      "]",
      "{",
      "}",
      ":",
      "-",
      "*a",
      "&a",
      "<<",
      "\n",
      "\n  ",
      " ",
    ],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.array(fc.string(), { maxLength: 3 }), (words, set) => {
      const { graph, problems } = load({ name: "", config: words.join(" "), set, env: { A: A_ITSELF, otlp: "[1" } });
      expect(graph === undefined).toBe(problems.length > 0);
    }),
    { numRuns: 2000 },
  );
});
