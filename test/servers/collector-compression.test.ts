/** A Collector compresses in each way that it knows, on both transports: what comes through a gateway is what was sent, each time. */
import { expect } from "vitest";
import { durableBodies, rig } from "../../packages/gateway/src/rig.cases.ts";
import { buildRequest } from "../chaos/load.ts";
import { needs } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { itemTexts } from "../rig/item-texts.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { startOtelcol } from "../rig/servers/index.ts";

const HTTP = ["none", "gzip", "zstd", "zlib", "deflate", "snappy", "x-snappy-framed", "lz4"];
const GRPC = ["none", "gzip", "zstd", "snappy"];
const ITEMS = 300;

needs("otelcol")("a Collector's compressions are undone", async () => {
  await using gateway = await rig();
  const [port = 0] = await freePorts(1);
  const queue = "sending_queue: {enabled: false}, retry_on_failure: {enabled: false}";
  const exporters = [
    ...HTTP.map(
      (name) => `otlp_http/${name}: {endpoint: "http://127.0.0.1:${gateway.http}", compression: ${name}, ${queue}}`,
    ),
    ...GRPC.map(
      (name) =>
        `otlp_grpc/${name}: {endpoint: "127.0.0.1:${gateway.grpc}", tls: {insecure: true}, compression: ${name}, ${queue}}`,
    ),
  ];
  const ids = exporters.map((line) => line.slice(0, line.indexOf(":")));
  const collector = await startOtelcol(`
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters:
  ${exporters.join("\n  ")}
service: {pipelines: {logs: {receivers: [otlp], exporters: [${ids.join(", ")}]}}}
`);
  const client = httpClient({ port, timeoutMs: 20_000 });
  try {
    const body = buildRequest("logs", 1, 0, ITEMS, 0);
    // Without queues the Collector answers when every exporter has been answered.
    expect(await client.send("logs", body)).toEqual({ kind: "accepted" });
    const came = itemTexts("logs", durableBodies(gateway.broker, "logs"));
    expect(came).toEqual(
      itemTexts(
        "logs",
        ids.map(() => body),
      ),
    );
  } finally {
    client.close();
    await collector.close();
  }
});
