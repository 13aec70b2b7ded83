/** The page of the prometheus exporter before those who read such pages: promtool and a scraping Prometheus. */
import { spawnSync } from "node:child_process";
import { type Batch, DEFAULT_TENANT } from "@rondo/core";
import { prometheusExporter } from "@rondo/exporters";
import { countItems, shiftTimes, timeRange } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { makeExporter } from "@rondo/testkit/exporter-contract";
import { expect } from "vitest";
import { readRecording } from "../../packages/cli/src/replay/recording.ts";
import { needs, tool } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { startPrometheus } from "../rig/servers/index.ts";

const RECORDING = new URL("../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname;
const LAST_ACCURACY = 0.9515859766277128;

/** The recording's metrics, as if its last point was of now. */
async function recorded(): Promise<readonly Batch[]> {
  const bodies = (await readRecording(RECORDING)).filter(({ signal }) => signal === "metrics").map(({ body }) => body);
  const last = bodies.reduce((newest, body) => {
    const end = timeRange("metrics", body)?.last ?? 0n;
    return end > newest ? end : newest;
  }, 0n);
  const shift = BigInt(Date.now()) * 1_000_000n - last;
  return bodies.map((body) => batchOf(shiftTimes("metrics", body, (time) => time + shift)));
}

const batchOf = (body: Uint8Array): Batch => ({
  signal: "metrics",
  tenant: DEFAULT_TENANT,
  items: countItems("metrics", body),
  body,
});

/** A counter with an exemplar of now, and one metric whose name and label only UTF-8 can have. */
function today(): Batch {
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n);
  const exemplars = [{ timeUnixNano, asDouble: 1, traceId: "0123456789abcdef0123456789abcdef" }];
  const point = { timeUnixNano, asDouble: 7, exemplars };
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] };
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "calls", unit: "s", sum }] }] }] };
  return batchOf(requestFromJson("metrics", Buffer.from(JSON.stringify(request))));
}

async function serve(config: object) {
  const [port = 0] = await freePorts(1);
  const exporter = makeExporter(prometheusExporter(), { endpoint: `127.0.0.1:${port}`, ...config }, "metrics");
  await exporter.start?.();
  for (const batch of [...(await recorded()), today()])
    expect(await exporter.deliver(batch, new AbortController().signal)).toEqual({ kind: "settled", drops: [] });
  return { address: `127.0.0.1:${port}`, exporter };
}

needs("promtool")("promtool finds nothing wrong with the page", async () => {
  const { address, exporter } = await serve({ namespace: "federated_learning" });
  const page = await (await fetch(`http://${address}/metrics`)).text();
  await exporter.close();
  const { status, stdout, stderr } = spawnSync(tool("promtool"), ["check", "metrics"], { input: page });
  // What it has to say of the users' own names and help texts is not the page's concern.
  const said = `${stdout}${stderr}`.split("\n").filter((line) => !/no help text|non-base|should not/.test(line));
  expect([said.join("\n").trim(), status === 0 || status === 3]).toEqual(["", true]);
});

needs("prometheus")(
  "a scraping Prometheus has what the page shows, in text and in OpenMetrics",
  async () => {
    const plain = await serve({ namespace: "plain" });
    const open = await serve({ namespace: "open", enable_open_metrics: true, send_timestamps: true });
    const server = await startPrometheus({
      targets: [plain.address, open.address],
      flags: ["--enable-feature=exemplar-storage"],
    });
    try {
      for (const namespace of ["plain", "open"]) {
        const accuracy = () => server.query(`${namespace}_training_accuracy{job_id="job-1"}`);
        await expect.poll(async () => (await accuracy())[0]?.points[0]?.[1], { timeout: 15_000 }).toBe(LAST_ACCURACY);
        const [series] = await accuracy();
        expect(series?.labels).toMatchObject({ job: "fl-server", instance: "superlink-0" });
        const inf = await server.query(`${namespace}_http_request_duration_seconds_bucket{le="+Inf"}`);
        const counts = await server.query(`${namespace}_http_request_duration_seconds_count`);
        expect(inf.length).toBeGreaterThan(0);
        expect(inf.map(({ points }) => points[0]?.[1]).sort()).toEqual(
          counts.map(({ points }) => points[0]?.[1]).sort(),
        );
        expect((await server.query(`${namespace}_target_info{job="fl-server"}`)).length).toBe(1);
        expect((await server.query(`${namespace}_calls_seconds_total`))[0]?.points[0]?.[1]).toBe(7);
      }
      const asked = new URLSearchParams({
        query: "open_calls_seconds_total",
        start: String(Date.now() / 1_000 - 600),
        end: String(Date.now() / 1_000 + 60),
      });
      const exemplars = await (await fetch(`${server.url}/api/v1/query_exemplars?${asked}`)).json();
      expect(JSON.stringify(exemplars)).toContain("0123456789abcdef0123456789abcdef");
      expect((await server.query("sum(up)"))[0]?.points[0]?.[1]).toBe(2);
    } finally {
      await server.close();
      await plain.exporter.close();
      await open.exporter.close();
    }
  },
  60_000,
);
