/** The Collector of the rig: what tests against it lean on. */
import { expect } from "vitest";
import { needs } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { serveHttp } from "../rig/otlp-server.ts";
import { startOtelcol } from "../rig/servers/index.ts";

needs("otelcol")("a Collector with a configuration of its own hands requests on", async () => {
  const received: number[] = [];
  const sink = await serveHttp(0, (_, body) => {
    received.push(body.length);
    return "accepted";
  });
  const [port = 0] = await freePorts(1);
  const collector = await startOtelcol(`
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {otlphttp: {endpoint: "http://127.0.0.1:${sink.port}", compression: none}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [otlphttp]}}}
`);
  const client = httpClient({ port, timeoutMs: 5000 });
  try {
    // One resource with one scope with one record without fields.
    const body = Buffer.from([0x0a, 0x04, 0x12, 0x02, 0x12, 0x00]);
    expect(await client.send("logs", body)).toEqual({ kind: "accepted" });
    await expect.poll(() => received.length).toBe(1);
  } finally {
    client.close();
    await collector.close();
    await sink.close();
  }
});
