/** The sections one by one, at the edges that whole configurations (load-config.test.yaml) do not reach. */
import { describe, expect, test } from "vitest";
import { readBroker } from "./broker-section.ts";
import { type Component, readSection } from "./component-section.ts";
import { readServiceExtensions } from "./extension-section.ts";
import { FAKE_TYPES } from "./fake-types.cases.ts";
import { Findings, TreePlace } from "./findings.ts";
import { lint } from "./lint.ts";
import { readPipelines, runningReferences } from "./pipeline-section.ts";
import { readYaml } from "./read-yaml.ts";
import { readTelemetry } from "./telemetry-section.ts";

function place(yaml: string) {
  const findings = new Findings();
  const root = new TreePlace(
    readYaml("f", yaml, (message) => findings.problem("", message)),
    findings,
  );
  const all = (list: Findings["problems"]) => list.map(({ path, message }) => `${path}: ${message}`);
  return { root, problems: () => all(findings.problems), warnings: () => all(findings.warnings) };
}

function pipelines(yaml: string) {
  const { root, ...found } = place(yaml);
  const section = (name: "receivers" | "processors" | "exporters" | "connectors" | "extensions") =>
    readSection(root, name, FAKE_TYPES);
  const components = {
    receivers: section("receivers"),
    processors: section("processors"),
    exporters: section("exporters"),
    connectors: section("connectors"),
    extensions: section("extensions"),
  };
  const drafts = readPipelines(root.at("service"), components, new Set());
  return { root, drafts, running: drafts.map(runningReferences), ...found };
}

describe("components", () => {
  test("a section that is no map", () => {
    const { root, problems } = place("receivers: [otlp]\nexporters: 7\nprocessors:");
    expect(readSection(root, "receivers", FAKE_TYPES).size).toBe(0);
    expect(readSection(root, "exporters", FAKE_TYPES).size).toBe(0);
    expect(readSection(root, "processors", FAKE_TYPES).size).toBe(0);
    expect(problems()).toEqual([
      "receivers: must be a map of receivers, such as otlp: {}",
      "exporters: must be a map of exporters, such as otlp: {}",
    ]);
  });

  test("ids are compared without the blanks around their slash", () => {
    const { root, problems } = place("processors: {batch/ x: , batch/x: , batch/: }");
    const section = readSection(root, "processors", FAKE_TYPES);
    expect([...section.keys()]).toContain("batch/x");
    expect(problems()).toEqual([
      'processors::batch/x: duplicate name "batch/x"; give one of them another',
      expect.stringMatching(/^processors::batch\/: "batch\/" is not a component id/),
    ]);
  });

  test("a component that is no map", () => {
    const { root, problems } = place("processors: {batch: [1]}");
    expect(readSection(root, "processors", FAKE_TYPES).get("batch")).toMatchObject({ status: "broken" });
    expect(problems()).toEqual(["processors::batch: must be a map, but is a list"]);
  });
});

describe("pipelines", () => {
  test("a pipeline without anything is told both of its lacks", () => {
    expect(pipelines("service: {pipelines: {traces: }}").problems()).toEqual([
      "service::pipelines::traces: must have at least one receiver",
      "service::pipelines::traces: must have at least one exporter",
    ]);
  });

  test.each(["service: {pipelines: {traces: 7}}", "service: {pipelines: {traces: [otlp]}}"])("%s", (yaml) => {
    expect(pipelines(yaml).problems()).toEqual([
      "service::pipelines::traces: must be a map with receivers, processors and exporters",
    ]);
  });

  test.each(["service: {pipelines: {}}", "service: {pipelines: 7}", "service:", "a: 1"])("%s has none", (yaml) => {
    expect(pipelines(yaml).problems()).toEqual([expect.stringMatching(/service must have at least one pipeline/)]);
  });

  test("a broken component is no second problem where it is named", () => {
    const { problems } = pipelines(`
receivers: {otlp: {protocols: {grpc: {x: 1}}}}
exporters: {debug: {verbosity: loud}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}`);
    expect(problems()).toHaveLength(2);
  });

  test("a processor for another signal, and one that protects another pipeline", () => {
    const { problems, running } = pipelines(`
receivers: {otlp: {protocols: {grpc: }}, syslogs: }
processors: {redaction: }
exporters: {debug: }
service:
  pipelines:
    logs: {receivers: [syslogs], exporters: [debug]}
    metrics: {receivers: [otlp, syslogs], processors: [redaction], exporters: [debug]}`);
    expect(problems()).toEqual([
      expect.stringMatching(
        /^service::pipelines::metrics::receivers::1: failed to create "syslogs" receiver for data type "metrics"/,
      ),
      expect.stringMatching(
        /^service::pipelines::metrics::processors::0: processor "redaction" is not built yet, and without it/,
      ),
    ]);
    expect(running.map(({ receivers }) => receivers.map(({ id }) => id))).toEqual([["syslogs"], ["otlp"]]);
  });
});

describe("extensions", () => {
  const read = (yaml: string, strict = false) => {
    const { root, ...found } = place(yaml);
    const configured = readSection(root, "extensions", FAKE_TYPES);
    const ids = (list: readonly Component[]) => list.map(({ id }) => id);
    return { ids: ids(readServiceExtensions(root, configured, { types: FAKE_TYPES, strict })), ...found };
  };

  test("a configured one is taken as it is", () => {
    const { ids, warnings, problems } = read(
      "extensions: {health_check/x: }\nservice: {extensions: [health_check/x]}",
      true,
    );
    expect([ids, warnings(), problems()]).toEqual([["health_check/x"], [], []]);
  });

  test("of an unknown type, and things that are no ids", () => {
    const { problems } = read("service: {extensions: [helth_check, 7, {}, 7x]}");
    expect(problems()).toEqual([
      'service::extensions: references extension "helth_check" which is not configured; its type is unknown; did you mean health_check?',
      "service::extensions::1: must be the id of an extension",
      "service::extensions::2: must be the id of an extension",
      expect.stringMatching(/^service::extensions::3: "7x" is not a component id/),
    ]);
  });

  test("a list that is none", () => {
    expect(read("service: {extensions: health_check}").problems()).toEqual([
      "service::extensions: must be a list, such as extensions: [health_check]",
    ]);
  });
});

describe("telemetry", () => {
  test("areas that are no maps", () => {
    const { root, problems, warnings } = place("a: 7\nb: {logs: 7, metrics: , traces: {processors: []}}");
    readTelemetry(root.at("a"));
    readTelemetry(root.at("b"));
    readTelemetry(root.at("c"));
    expect(problems()).toEqual([
      "a: must be a map with logs and metrics",
      "b::logs: must be a map of the settings of logs",
    ]);
    expect(warnings()).toEqual(["b::traces::processors: has no effect: Rondo does not trace itself"]);
  });
});

describe("broker", () => {
  const read = (yaml: string) => {
    const { root, problems } = place(`broker: ${yaml}`);
    return { settings: readBroker(root.at("broker"), ["otlp"]), problems };
  };

  test.each([
    "{embedded: {partitions: 1, retention: 1m, segment_bytes: 1MiB}, linger: 1s}",
    "{embedded: {segment_bytes: 1073741824}}",
    "{embedded: {retention_bytes: 128MiB}}",
    "",
  ])("%s is within its limits", (yaml) => {
    expect(read(yaml).problems()).toEqual([]);
    expect(read(yaml).settings).toMatchObject({ kind: "embedded", defaultReceiver: "otlp" });
  });

  test.each([
    ["{embedded: {partitions: 1025}}", "broker::embedded::partitions: must be a whole number from 1 to 1024"],
    ["{embedded: {retention: 59s}}", "broker::embedded::retention: must be at least 1m"],
    [
      "{embedded: {segment_bytes: 1048575}}",
      "broker::embedded::segment_bytes: must be a size from 1MiB to 1GiB, such as 64MiB",
    ],
    [
      "{embedded: {segment_bytes: 2GiB}}",
      "broker::embedded::segment_bytes: must be a size from 1MiB to 1GiB, such as 64MiB",
    ],
    [
      "{embedded: {retention_bytes: 127MiB}}",
      "broker::embedded::retention_bytes: must be at least twice segment_bytes: whole files are removed, and never the newest",
    ],
    ["{linger: 1001ms}", "broker::linger: must be at most 1s: a client waits for its answer that long"],
    ["{kafak: {}}", "broker::kafak: unknown key; did you mean kafka?"],
    ["7", "broker: must be a map, but is a number"],
    ["{kafka: {brokers: []}}", "broker::kafka::brokers: must name at least one broker, such as [kafka:9092]"],
    ["{kafka: {brokers: [kafka]}}", "broker::kafka::brokers::0: must be host:port, such as kafka:9092"],
    ['{kafka: {brokers: ["k:0"]}}', "broker::kafka::brokers::0: must be host:port, such as kafka:9092"],
    [
      "{kafka: {brokers: [k:1], compression: brotli}}",
      "broker::kafka::compression: must be one of none, gzip, snappy, lz4, zstd",
    ],
    [
      "{kafka: {brokers: [k:1], session_timeout: 5999ms}}",
      "broker::kafka::session_timeout: must be from 6s to 30m: a Kafka broker takes no other",
    ],
    ["{kafka: {brokers: [k:1], topics: {retention: 59s}}}", "broker::kafka::topics::retention: must be at least 1m"],
    [
      "{kafka: {brokers: [k:1]}, embedded: {}}",
      "broker: has both embedded and kafka; keep the one where batches are to be",
    ],
  ])("%s is not", (yaml, problem) => {
    expect(read(yaml).problems()).toEqual([problem]);
  });
});

describe("advice", () => {
  const advice = (yaml: string) => {
    const { root, drafts, warnings } = pipelines(yaml);
    lint({ root, drafts });
    return warnings();
  };
  const TWO = "receivers: {otlp: {protocols: {grpc: }}}\nprocessors: {batch: , memory_limiter: , attributes/x: }\n";

  test("none for a configuration as the Collector's documentation has it", () => {
    const { length } = advice(`${TWO}
exporters: {otlp_grpc: {endpoint: x}, debug: }
service: {pipelines: {traces: {receivers: [otlp], processors: [memory_limiter, attributes/x, batch], exporters: [otlp_grpc, debug]}}}`);
    expect(length).toBe(0);
  });

  test("equal advice for several pipelines is one line, other advice another", () => {
    const found = advice(`${TWO}
exporters: {otlp_grpc: {endpoint: x}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch, memory_limiter], exporters: [otlp_grpc]}
    metrics: {receivers: [otlp], processors: [batch, attributes/x], exporters: [otlp_grpc]}
    logs: {receivers: [otlp], processors: [batch, attributes/x], exporters: [otlp_grpc]}`);
    expect(found).toEqual([
      expect.stringMatching(
        /^service::pipelines::metrics::processors::0: batch stands before attributes\/x\..*\(also in logs\)$/,
      ),
      expect.stringMatching(
        /^service::pipelines::traces::processors::1: memory_limiter is not the first processor.*front$/,
      ),
    ]);
  });

  test("a planned exporter keeps as much as one that runs", () => {
    const found = advice(`${TWO}
exporters: {debug: , debug/2: , prometheus: {namespace: ""}}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [debug, prometheus]}, logs: {receivers: [otlp], exporters: [debug, debug/2]}}}`);
    expect(found).toEqual([
      expect.stringMatching(/^service::pipelines::logs::exporters: logs goes only to debug, debug\/2/),
    ]);
  });
});
