import { countItems, SIGNALS } from "@rondo/otlp";
import { decodedItems, decodeRequest, encodeRequest } from "@rondo/otlp/codec";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { collectorHops, kafkaSection, pipelineYaml, queuedYaml } from "./configurations.ts";
import { buildCorpus, INSTANCES, STAMP_KEY, stampInto } from "./corpus.ts";
import { ITEM_KEY, openGate, RESOURCE_KEY } from "./gate.ts";
import { readOptions, UsageError } from "./options.ts";
import { coreSeconds, cpuOfStat, cpuSeconds, memoryOf } from "./process-figures.ts";
import { summarize, summarizeFiles } from "./profile-summary.ts";

/** Bytes an item, as the published figures have them. */
const SIZES = { traces: 660, metrics: 131, logs: 297 } as const;

describe.each(SIGNALS)("the corpus of %s", (signal) => {
  const corpus = buildCorpus(signal, 100, 1);

  test("has as many items as it says, each of the size that the figures are for", () => {
    expect(corpus.templates).toHaveLength(INSTANCES);
    for (const { body, stamps } of corpus.templates) {
      expect(countItems(signal, body)).toBe(100);
      expect(stamps).toHaveLength(100);
      expect(Math.abs(body.length / 100 - SIZES[signal]) / SIZES[signal]).toBeLessThan(0.05);
    }
  });

  test("is the same for the same seed", () => {
    expect(buildCorpus(signal, 100, 1).hash).toBe(corpus.hash);
    expect(buildCorpus(signal, 100, 2).hash).not.toBe(corpus.hash);
  });

  test("is numbered in place, item by item", () => {
    const template = corpus.templates[3];
    if (template === undefined) throw new Error("the corpus has 64 templates");
    const body = stampInto(Buffer.alloc(200_000), template, 4200);
    expect(body.length).toBe(template.body.length);
    const ids = [
      ...JSON.stringify(decodeRequest(signal, body), (_key, value) =>
        typeof value === "bigint" ? String(value) : value,
      ).matchAll(new RegExp(`"${STAMP_KEY}","value":{"stringValue":"(\\d+)"`, "g")),
    ].map(([, digits]) => Number(digits));
    expect(ids).toEqual(Array.from({ length: 100 }, (_, index) => 4200 + index));
  });
});

/** Takes a request through a decoder and back with the bench's attributes added, as a subject would. */
function enrich(
  signal: (typeof SIGNALS)[number],
  body: Buffer,
  keys: { readonly resource: boolean; readonly item: boolean },
): Buffer {
  // Objects of the decoder, opened for change: this is the one place that plays the subject.
  type Attributes = { attributes: { key: string; value: { stringValue: string } }[] };
  const request = decodeRequest(signal, body);
  const lists: readonly (readonly { readonly resource?: unknown }[])[] = Object.values(request);
  for (const one of lists.flat())
    if (keys.resource) (one.resource as Attributes).attributes.push({ key: RESOURCE_KEY, value: { stringValue: "a" } });
  if (keys.item)
    for (const { item } of decodedItems(signal, request))
      (item as unknown as Attributes).attributes.push({ key: ITEM_KEY, value: { stringValue: "b" } });
  return Buffer.from(encodeRequest(signal, request));
}

describe.each(SIGNALS)("the gate for %s", (signal) => {
  const corpus = buildCorpus(signal, 10, 1);
  const request = (number: number, keys = { resource: true, item: true }) => {
    const template = corpus.templates[number];
    if (template === undefined) throw new Error("the corpus has 64 templates");
    return enrich(signal, stampInto(Buffer.alloc(20_000), template, number * 10), keys);
  };

  test("lets a complete round pass", () => {
    const gate = openGate(signal, 100);
    gate.take(request(1));
    gate.take(Buffer.concat([request(0), request(2)]));
    expect(gate.result(30)).toEqual({ received: 30, missing: 0, duplicates: 0, problems: [] });
  });

  test("sees what is missing", () => {
    const gate = openGate(signal, 100);
    gate.take(request(0));
    expect(gate.result(20)).toMatchObject({ missing: 10, problems: ["10 items never arrived"] });
  });

  test("sees what came twice", () => {
    const gate = openGate(signal, 100);
    gate.take(request(0));
    gate.take(request(0));
    expect(gate.result(10)).toMatchObject({ duplicates: 10, problems: ["10 items arrived again"] });
  });

  test("sees what was not enriched", () => {
    const gate = openGate(signal, 100);
    gate.take(request(0, { resource: false, item: true }));
    gate.take(request(1, { resource: true, item: false }));
    const { problems } = gate.result(20);
    expect(problems[0]).toBe(`a resource has ${RESOURCE_KEY} 0 times`);
    expect(problems[1]).toBe(`an item has ${ITEM_KEY} 0 times`);
  });
});

describe("figures of a process", () => {
  test("a name with blanks and brackets does not shift the fields", () => {
    const line = "42 (a ) b) S 1 42 42 0 -1 4194560 100 200 0 0 150 50 30 20 20 0 7 0 100 1000 10 0";
    expect(cpuOfStat(line)).toBe(2.5);
  });

  test("a process that works uses CPU, and it holds memory", () => {
    const before = cpuSeconds(process.pid);
    const until = performance.now() + 100;
    while (performance.now() < until);
    expect(cpuSeconds(process.pid) - before).toBeGreaterThan(0.02);
    expect(memoryOf(process.pid).rss).toBeGreaterThan(memoryOf(process.pid).anonymous);
  });
});

describe("the command line", () => {
  test("has a default for everything", () => {
    expect(readOptions([])).toMatchObject({
      signal: "traces",
      size: 100,
      rounds: 2,
      protocol: "http",
      arms: ["rondo", "collector"],
    });
  });

  test.each([
    [["--signal", "profiles"]],
    [["--size", "x"]],
    [["--arms", "rondo"]],
    [["--topology", "t2"]],
    [["--kafka-compression", "brotli"]],
    [["--what"]],
  ])("%j is refused with a way out", (args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
  });

  test("help is not a bench", () => {
    expect(readOptions(["--help"])).toBeUndefined();
  });
});

test.each(["http", "grpc"] as const)(
  "the configuration over %s says that nothing is compressed or queued",
  (protocol) => {
    const yaml = pipelineYaml({ signal: "logs", protocol, backend: 9 }, 8);
    expect(yaml).toContain("compression: none");
    expect(yaml).toContain("sending_queue: {enabled: false}");
  },
);

test("every hop of the Collector's road waits for all replicas and marks what it has passed on", () => {
  const hops = collectorHops({ signal: "traces", protocol: "http", backend: 9 }, 8, ["127.0.0.1:7"]);
  for (const hop of [hops.receive, hops.enrich]) {
    expect(hop).toContain("producer: {required_acks: all, compression: none}");
    expect(hop).toContain("sending_queue: {enabled: false}");
  }
  for (const hop of [hops.enrich, hops.export]) expect(hop).toContain("message_marking: {after: true}");
  expect(hops.enrich).toContain("processors: [resource, attributes]");
});

test("a Collector that acknowledges from its queue keeps it in files", () => {
  const yaml = queuedYaml({ signal: "traces", protocol: "http", backend: 9 }, 8, "/data");
  expect(parse(yaml)).toMatchObject({
    exporters: { otlphttp: { sending_queue: { storage: "file_storage" } } },
    extensions: { file_storage: { directory: "/data" } },
    service: { extensions: ["file_storage"], pipelines: { traces: { receivers: ["otlp"] } } },
  });
});

test("Rondo gets the same partitions on the same brokers", () => {
  expect(kafkaSection(["127.0.0.1:7"], 6)).toContain("topics: {partitions: 6, replication_factor: 1}");
});

test("both arms compress what they write to Kafka in the same way", () => {
  expect(kafkaSection(["127.0.0.1:7"], 6, "lz4")).toContain("compression: lz4");
  const hops = collectorHops({ signal: "traces", protocol: "http", backend: 9 }, 8, ["127.0.0.1:7"], "lz4");
  for (const hop of [hops.receive, hops.enrich])
    expect(hop).toContain("producer: {required_acks: all, compression: lz4}");
});

test("a core's work counts everything but idling and waiting", () => {
  expect(coreSeconds(1, "cpu  9 9\ncpu0 100 0 0 5 5\ncpu1 100 10 40 7000 500 20 20 10 0 0\n")).toBe(2);
});

test("a profile is summed up by function, waiting left out", () => {
  const frame = (functionName: string) => ({ functionName, url: "file:///a/b/c/d.ts", lineNumber: 4 });
  const nodes = [
    { id: 1, callFrame: frame("work") },
    { id: 2, callFrame: { functionName: "(idle)", url: "", lineNumber: -1 } },
    { id: 3, callFrame: frame("") },
  ];
  expect(summarize({ nodes, samples: [1, 2, 3, 1], timeDeltas: [30, 500, 25, 45] })).toEqual([
    { name: "work b/c/d.ts:5", share: 0.75 },
    { name: "(anonymous) b/c/d.ts:5", share: 0.25 },
  ]);
});

test("a file answers for what Node does for it, from a moment on", () => {
  const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
    id,
    callFrame: { functionName, url, lineNumber: 0 },
    children,
  });
  const nodes = [
    node(1, "(root)", "", [2, 4, 5]),
    node(2, "send", "file:///x/a/dist/send.js", [3]),
    node(3, "writev", ""),
    node(4, "processTimers", "node:internal/timers"),
    node(5, "(garbage collector)", ""),
  ];
  expect(summarizeFiles({ nodes, samples: [3, 2, 3, 4, 5], timeDeltas: [100, 40, 30, 20, 10] }, 120)).toEqual([
    { name: "a/dist/send.js", share: 0.7 },
    { name: "(Node itself)", share: 0.2 },
    { name: "(garbage collector)", share: 0.1 },
  ]);
});

test("the gate reads a request whose fields stand in another order, as the Collector writes them", () => {
  const field = (number: number, ...parts: readonly Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([(number << 3) | 2, body.length]), body]);
  };
  const pair = (key: string, value: string) =>
    Buffer.concat([field(2, field(1, Buffer.from(value))), field(1, Buffer.from(key))]);
  const span = field(2, field(9, pair(STAMP_KEY, "0000000003")), field(9, pair(ITEM_KEY, "true")));
  const gate = openGate("traces", 10);
  gate.take(field(1, field(2, span), field(1, field(1, pair(RESOURCE_KEY, "site-1")))));
  expect(gate.result(10)).toMatchObject({
    received: 1,
    missing: 9,
    duplicates: 0,
    problems: ["9 items never arrived"],
  });
});
