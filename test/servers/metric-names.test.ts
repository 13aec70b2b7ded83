/** What Prometheus gets from Rondo, beside what it gets from a Collector: the same series for the same requests, to the letter. */
import { createServer } from "node:http";
import { join } from "node:path";
import { DEFAULT_TENANT } from "@rondo/core";
import { prometheusExporter, prometheusRemoteWrite } from "@rondo/exporters";
import { countItems } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { makeExporter } from "@rondo/testkit/exporter-contract";
import protobuf from "protobufjs";
import { uncompress } from "snappyjs";
import { expect } from "vitest";
import { readRecording } from "../../packages/cli/src/replay/recording.ts";
import { needs } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { startOtelcol } from "../rig/servers/index.ts";

const root = join(import.meta.dirname, "../..");
const RECORDING = join(root, "deploy/demo/recording.ndjson.gz");
const WriteRequest = new protobuf.Root()
  .loadSync(join(root, "proto/prometheus/remote.proto"))
  .lookupType("prometheus.WriteRequest");

interface Written {
  readonly timeseries: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[];
    readonly samples: readonly { readonly value: number; readonly timestamp: number }[];
  }[];
}

/** A backend that takes remote write 1 and keeps every sample as a line. */
async function startReceiver() {
  const lines = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const message = WriteRequest.decode(uncompress(new Uint8Array(Buffer.concat(chunks))));
    // Of that shape by remote.proto.
    const { timeseries } = WriteRequest.toObject(message, { longs: Number, arrays: true, defaults: true }) as Written;
    for (const { labels, samples } of timeseries) {
      const named = labels.map(({ name, value }) => `${name}="${value}"`).sort();
      for (const { value, timestamp } of samples) lines.add(`{${named.join(",")}} ${value} @${timestamp}`);
    }
    response.writeHead(204).end();
  });
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/api/v1/write`, lines, close };
}

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
const SECOND = "1795447887000000000";
const point = (labels: Readonly<Record<string, string>> = {}, more: object = {}) => ({
  timeUnixNano: SECOND,
  asDouble: 1.5,
  attributes: Object.entries(labels).map(([key, value]) => attribute(key, value)),
  ...more,
});
const cumulative = { aggregationTemporality: 2 };
const counter = { ...cumulative, isMonotonic: true };

const UNITS = [
  "",
  "s",
  "ms",
  "By",
  "MBy",
  "kBy",
  "KBy",
  "TiBy",
  "1",
  "%",
  "m",
  "m/s",
  "By/s",
  "{request}",
  "{request}/s",
  "foo bar",
  "°C",
  "1/s",
  "a/b/c",
];
const NAMES = [
  "plain",
  "http.server.duration",
  "a__b..c",
  "3xx",
  "x_total",
  "total_x",
  "seconds_x",
  "x_ratio",
  "ns:rule",
  "Ünï.code",
  "_lead",
  "trail_",
];
const KEYS = [
  "http.method",
  "a__b",
  "_x",
  ".x",
  "1st",
  "__reserved__",
  "__a.b__",
  "日本",
  "job",
  "instance",
  "le",
  "A",
];

/** One request with everything that names can trip over. */
function oddRequest(): Uint8Array {
  const metrics: object[] = [];
  for (const [index, unit] of UNITS.entries()) {
    metrics.push({ name: `gauge.u${index}`, unit, gauge: { dataPoints: [point()] } });
    metrics.push({ name: `sum.u${index}`, unit, sum: { ...counter, dataPoints: [point()] } });
    metrics.push({ name: `level.u${index}`, unit, sum: { ...cumulative, dataPoints: [point()] } });
  }
  for (const [index, name] of NAMES.entries()) {
    metrics.push({ name: `${name}.g${index}`, gauge: { dataPoints: [point()] } });
    metrics.push({ name, unit: "s", sum: { ...counter, dataPoints: [point({ i: String(index) })] } });
  }
  for (const key of KEYS) metrics.push({ name: "labels", gauge: { dataPoints: [point({ [key]: `of ${key}` })] } });
  metrics.push({ name: "clash", gauge: { dataPoints: [point({ "a.b": "2", "a-b": "1", a_b: "3" })] } });
  metrics.push({ name: "empty", gauge: { dataPoints: [point({ a: "" })] } });
  const explicit = { count: "6", sum: 4.5, explicitBounds: [0.005, 1, 2.5e21], bucketCounts: ["1", "2", "2", "1"] };
  metrics.push({ name: "h", unit: "s", histogram: { ...cumulative, dataPoints: [point({}, explicit)] } });
  metrics.push({ name: "h.bare", histogram: { ...cumulative, dataPoints: [point({}, { count: "2" })] } });
  const quantileValues = [
    { quantile: 0.5, value: 1 },
    { quantile: 1, value: 3 },
  ];
  metrics.push({ name: "s", summary: { dataPoints: [point({}, { count: "2", sum: 4, quantileValues })] } });
  metrics.push({ name: "ended", gauge: { dataPoints: [point({}, { flags: 1 })] } });
  metrics.push({ name: "delta", sum: { aggregationTemporality: 1, dataPoints: [point()] } });
  const scope = { name: "scope", version: "1.2", attributes: [attribute("flavour.of", "sour")] };
  const identity = [
    attribute("service.namespace", "fl"),
    attribute("service.name", "odd"),
    attribute("service.instance.id", "i-1"),
  ];
  const resource = (...more: object[]) => ({ attributes: [...identity, ...more] });
  const resourceMetrics = [
    { resource: resource(attribute("zone.of", "eu")), scopeMetrics: [{ scope, schemaUrl: "https://schema", metrics }] },
    {
      resource: { attributes: [attribute("zone", "us")] },
      scopeMetrics: [{ metrics: [{ name: "lone", gauge: { dataPoints: [point()] } }] }],
    },
    {
      resource: { attributes: [attribute("service.name", "named")] },
      scopeMetrics: [{ metrics: [{ name: "few", gauge: { dataPoints: [point()] } }] }],
    },
  ];
  return requestFromJson("metrics", Buffer.from(JSON.stringify({ resourceMetrics })));
}

/** The series of a page, with their labels sorted and without those that are empty. */
function pageLines(page: string): string[] {
  return page
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/([^=,]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]);
      const shown = pairs.filter(([, text]) => text !== "").map(([label, text]) => `${label}="${text}"`);
      return `${name}{${shown.sort().join(",")}} ${Number(value)}`;
    })
    .sort();
}

/**
 * Where pages differ for a reason. A Collector's leaves out series whose labels collide or are not legal, and one of this
 * version keeps underscores that its remote write and later versions do not; it shows a sum that was never sent, as 0; and
 * it writes large bounds with an exponent.
 */
const OTHERWISE = /^fl_(?:labels|clash)\{|^fl_h_bare_sum|le="25?(?:\.5e\+21|0{20})/;

needs("otelcol")(
  "remote write and the page have the series that a Collector's have",
  async () => {
    const [theirs, ours] = [await startReceiver(), await startReceiver()];
    const [port = 0, theirPage = 0, ourPage = 0] = await freePorts(3);
    const collector = await startOtelcol(`
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters:
  prometheusremotewrite: {endpoint: "${theirs.url}", tls: {insecure: true}}
  prometheus: {endpoint: "127.0.0.1:${theirPage}", namespace: fl}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [prometheusremotewrite, prometheus]}}}
`);
    const client = httpClient({ port, timeoutMs: 10_000 });
    const write = makeExporter(prometheusRemoteWrite, { endpoint: ours.url }, "metrics");
    const page = makeExporter(prometheusExporter(), { endpoint: `127.0.0.1:${ourPage}`, namespace: "fl" }, "metrics");
    try {
      await page.start?.();
      const recording = await readRecording(RECORDING);
      const recorded = recording.filter(({ signal }) => signal === "metrics").map(({ body }) => body);
      for (const body of [Buffer.from(oddRequest()), ...recorded]) {
        expect(await client.send("metrics", body)).toEqual({ kind: "accepted" });
        const batch = { signal: "metrics", tenant: DEFAULT_TENANT, items: countItems("metrics", body), body } as const;
        for (const exporter of [write, page]) await exporter.deliver(batch, new AbortController().signal);
      }
      await expect.poll(() => [...theirs.lines].sort(), { timeout: 10_000 }).toEqual([...ours.lines].sort());
      const alike = (page: string) => pageLines(page).filter((line) => !OTHERWISE.test(line));
      const [shown, expected] = await Promise.all(
        [ourPage, theirPage].map(async (at) => alike(await (await fetch(`http://127.0.0.1:${at}/metrics`)).text())),
      );
      expect(shown).toEqual(expected);
    } finally {
      client.close();
      await write.close();
      await page.close();
      await collector.close();
      for (const receiver of [theirs, ours]) receiver.close();
    }
  },
  60_000,
);
