/** The recorded run in a real Prometheus, sent by remote write in both versions and read back by query. */
import { type Batch, DEFAULT_TENANT, SETTLED } from "@rondo/core";
import { prometheusRemoteWrite } from "@rondo/exporters";
import { countItems, timeRange } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { makeExporter } from "@rondo/testkit/exporter-contract";
import { expect } from "vitest";
import { readRecording } from "../../packages/cli/src/replay/recording.ts";
import { needs } from "../needs.ts";
import { startPrometheus } from "../rig/servers/index.ts";

const RECORDING = new URL("../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname;
const TRACE = "0123456789abcdef0123456789abcdef";
const VERSIONS = ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"] as const;

const batchOf = (body: Uint8Array): Batch => ({
  signal: "metrics",
  tenant: DEFAULT_TENANT,
  items: countItems("metrics", body),
  body,
});

/** A point of a series that is always the same, and one of a series of its own. */
function pair(seconds: number, value: number): Batch {
  const timeUnixNano = `${Math.floor(seconds)}000000000`;
  const exemplars = [{ timeUnixNano, asDouble: value, traceId: TRACE }];
  const sum = {
    aggregationTemporality: 2,
    isMonotonic: true,
    dataPoints: [{ timeUnixNano, asDouble: value, exemplars }],
  };
  const metrics = ["same", `own${value}`].map((name) => ({ name, sum }));
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
  return batchOf(requestFromJson("metrics", Buffer.from(JSON.stringify(request))));
}

const never = () => new AbortController().signal;

for (const protobuf_message of VERSIONS) {
  needs("prometheus")(`the recorded run arrives whole by ${protobuf_message}`, async () => {
    const server = await startPrometheus({ flags: ["--enable-feature=exemplar-storage"] });
    const exporter = makeExporter(
      prometheusRemoteWrite,
      { endpoint: `${server.url}/api/v1/write`, protobuf_message, disable_scope_info: true },
      "metrics",
    );
    try {
      const recording = await readRecording(RECORDING);
      const bodies = recording.filter(({ signal }) => signal === "metrics").map(({ body }) => body);
      for (const body of bodies) expect(await exporter.deliver(batchOf(body), never())).toMatchObject(SETTLED);
      // The same again: what Prometheus has already is no error and no second sample.
      for (const body of bodies) expect(await exporter.deliver(batchOf(body), never())).toMatchObject(SETTLED);
      const end = Math.max(...bodies.map((body) => Number(timeRange("metrics", body)?.last ?? 0n) / 1e9));
      const [accuracy] = await server.query('last_over_time(training_accuracy{job_id="job-1"}[1h])', end);
      expect(accuracy).toMatchObject({ labels: { job: "fl-server", instance: "superlink-0" } });
      expect(accuracy?.points[0]?.[1]).toBe(0.9515859766277128);
      const [count] = await server.query("sum(last_over_time(http_request_duration_seconds_count[1h]))", end);
      expect(count?.points[0]?.[1]).toBeGreaterThan(100);
      expect((await server.query('last_over_time(target_info{job="fl-server"}[1h])', end)).length).toBe(1);
      // A second value at a time that has one is refused for good: all of its request in version 1, it alone in version 2.
      expect(await exporter.deliver(pair(end, 1), never())).toMatchObject(SETTLED);
      const asked = new URLSearchParams({ query: "same_total", start: String(end - 60), end: String(end + 60) });
      const exemplars = await (await fetch(`${server.url}/api/v1/query_exemplars?${asked}`)).json();
      expect(JSON.stringify(exemplars)).toContain(TRACE);
      expect(await exporter.deliver(pair(end, 2), never())).toMatchObject({
        kind: "settled",
        drops: [{ reason: "backend_rejected", items: protobuf_message === VERSIONS[0] ? 2 : 1 }],
      });
    } finally {
      await exporter.close();
      await server.close();
    }
  });
}
