/** The exporters, in one explicit list; nothing registers itself. */
import type { AnyExporterType } from "@rondo/core";
import type { DebugOutputs } from "./debug/destinations.ts";
import { debugExporter } from "./debug/exporter.ts";
import { loki } from "./loki/exporter.ts";
import { otlp } from "./otlp/exporter.ts";
import { otlphttp } from "./otlphttp/exporter.ts";
import { prometheusExporter } from "./prometheus/exporter.ts";
import { prometheusRemoteWrite } from "./prometheusremotewrite/exporter.ts";

export { type HttpAnswer, type HttpPost, post } from "./http/post.ts";
export { type DebugOutputs, debugExporter, loki, otlp, otlphttp, prometheusExporter, prometheusRemoteWrite };

/** Every exporter type of this build; `outputs` are the streams that `debug` may write to. */
export function exporterTypesWith(outputs: DebugOutputs): readonly AnyExporterType[] {
  return [otlp, otlphttp, prometheusRemoteWrite, prometheusExporter(), loki, debugExporter(outputs)];
}

/** Every exporter type of this build, on the process's own streams. */
export const exporterTypes: readonly AnyExporterType[] = exporterTypesWith(process);
