/** The exporters, in one explicit list; nothing registers itself. */
import type { AnyExporterType } from "@rondo/core";
import type { DebugOutputs } from "./debug/destinations.ts";
import { debugExporter } from "./debug/exporter.ts";
import { loki } from "./loki/exporter.ts";
import { otlp } from "./otlp/exporter.ts";
import { otlphttp } from "./otlphttp/exporter.ts";
import { prometheusExporter } from "./prometheus/exporter.ts";
import type { ServePage } from "./prometheus/serve-page.ts";
import { prometheusRemoteWrite } from "./prometheusremotewrite/exporter.ts";

export { headersSetterExtension } from "./auth/headers-setter.ts";
export { type HttpAnswer, type HttpPost, post } from "./http/post.ts";
export * from "./prometheus/joined-pages.ts";
export type { PagePart } from "./prometheus/page-part.ts";
export type { ExporterPage, ServePage } from "./prometheus/serve-page.ts";
export { type DebugOutputs, debugExporter, loki, otlp, otlphttp, prometheusExporter, prometheusRemoteWrite };

/**
 * Every exporter type of this build; `outputs` are the streams that `debug` may write to, and `serve` shows the pages of
 * `prometheus`, here unless told otherwise.
 */
export function exporterTypesWith(outputs: DebugOutputs, serve?: ServePage): readonly AnyExporterType[] {
  return [otlp, otlphttp, prometheusRemoteWrite, prometheusExporter(serve), loki, debugExporter(outputs)];
}
