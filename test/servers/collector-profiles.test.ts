/** Profiles to a Collector and back: Rondo's exporters send what it takes, and its exporters send what a gateway takes. */
import { SETTLED } from "@rondo/core";
import { otlp, otlphttp } from "@rondo/exporters";
import { CARRIED, countProfiles } from "@rondo/otlp";
import { profilesRequest } from "@rondo/testkit";
import { makeExporter } from "@rondo/testkit/exporter-contract";
import { expect } from "vitest";
import { durableBodies, rig } from "../../packages/gateway/src/rig.cases.ts";
import { needs } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { startOtelcol } from "../rig/servers/index.ts";

needs("otelcol")("a Collector takes our profiles on both transports, and we take its", async () => {
  await using gateway = await rig({ signals: CARRIED });
  const [http = 0, grpc = 0] = await freePorts(2);
  const queue = "sending_queue: {enabled: false}, retry_on_failure: {enabled: false}";
  const collector = await startOtelcol(
    `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}, grpc: {endpoint: "127.0.0.1:${grpc}"}}}}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:${gateway.http}", ${queue}}
  otlp_grpc: {endpoint: "127.0.0.1:${gateway.grpc}", tls: {insecure: true}, ${queue}}
service: {pipelines: {profiles: {receivers: [otlp], exporters: [otlp_http, otlp_grpc]}}}
`,
    ["--feature-gates=service.profilesSupport"],
  );
  const exporters = [
    makeExporter(otlphttp, { endpoint: `http://127.0.0.1:${http}` }, "profiles"),
    makeExporter(otlp, { endpoint: `127.0.0.1:${grpc}`, tls: { insecure: true } }, "profiles"),
  ];
  try {
    for (const [index, exporter] of exporters.entries()) {
      const body = profilesRequest(`stack-${index}`, 2);
      const batch = { signal: "profiles", tenant: "default", items: 2, body } as const;
      // Without queues the Collector answers when the gateway has answered both of its exporters.
      expect(await exporter.deliver(batch, new AbortController().signal)).toMatchObject(SETTLED);
    }
    // It reads them and writes them anew: what they say is the same, and so is whose dictionary they have.
    const said = (body: Uint8Array) =>
      `${countProfiles(body)} of ${/stack-\d/.exec(Buffer.from(body).toString("latin1"))?.[0]}`;
    const came = durableBodies(gateway.broker, "profiles").map(said);
    expect(came.sort()).toEqual(["2 of stack-0", "2 of stack-0", "2 of stack-1", "2 of stack-1"]);
  } finally {
    for (const exporter of exporters) await exporter.close();
    await collector.close();
  }
});
