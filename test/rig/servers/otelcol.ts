/** An OpenTelemetry Collector for tests, with the components of test/servers/otelcol/builder.yaml. */
import { tool } from "../../needs.ts";
import { freePorts } from "../free-port.ts";
import { type HttpServer, startHttpServer } from "./http-server.ts";

/** Starts a Collector with a configuration of its pipelines, in YAML; `service::extensions` and telemetry are ours. Resolves when it is ready. `flags` are further ones. */
export async function startOtelcol(yaml: string, flags: readonly string[] = []): Promise<HttpServer> {
  const [port = 0] = await freePorts(1);
  return startHttpServer({
    name: "otelcol",
    port,
    readyPath: "/",
    config: () => yaml,
    // Merged in front to back; the extension answers once every pipeline has started.
    command: ({ config }) => [
      tool("otelcol"),
      `--config=${config}`,
      `--config=yaml:extensions::health_check::endpoint: 127.0.0.1:${port}`,
      "--config=yaml:service::extensions: [health_check]",
      "--config=yaml:service::telemetry::metrics::level: none",
      "--config=yaml:service::telemetry::logs::level: warn",
      ...flags,
    ],
  });
}
