/** Hands spans to an exporter of the OpenTelemetry SDK for JavaScript in one call, and hears how it ended. */
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import type { SpanOfSize } from "./python-sdk.ts";
import { PROTOCOLS } from "./speak-javascript.ts";

/** Whether the exporter says that the spans are with the server. The exporter is as its documentation makes it. */
export async function exportWithJavaScript(
  protocol: keyof typeof PROTOCOLS,
  ports: { readonly grpc: number; readonly http: number },
  spans: readonly SpanOfSize[],
): Promise<boolean> {
  const ended: ReadableSpan[] = [];
  const tracers = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "trainer" }),
    spanProcessors: [
      {
        onStart() {},
        onEnd: (span) => void ended.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  for (const [name, bytes] of spans) {
    tracers
      .getTracer("training")
      .startSpan(name, { attributes: { payload: "x".repeat(bytes) } })
      .end();
  }
  const { traces, metrics, logs } = PROTOCOLS[protocol](ports);
  const exported = await new Promise<boolean>((resolve) => traces.export(ended, ({ code }) => resolve(code === 0)));
  await Promise.all([traces.shutdown(), metrics.shutdown(), logs.shutdown()]);
  return exported;
}
