import { expect, test } from "vitest";
import * as generated from "./gen/codec.ts";
import { decodeResponse, encodeResponse, responseToJson } from "./response.ts";
import { SIGNALS } from "./signal.ts";
import { WireError } from "./wire-error.ts";

// biome-ignore lint/suspicious/noExplicitAny: the generated codec has no types
const { collector } = (generated.opentelemetry as any).proto;
const TYPES = {
  traces: [collector.trace.v1.ExportTraceServiceResponse, "rejectedSpans"],
  metrics: [collector.metrics.v1.ExportMetricsServiceResponse, "rejectedDataPoints"],
  logs: [collector.logs.v1.ExportLogsServiceResponse, "rejectedLogRecords"],
} as const;

test.each(SIGNALS)("the codec reads a partial success of %s", (signal) => {
  const partial = { rejected: 3, message: "item_too_large: 3 items are over 1 MiB" };
  const bytes = encodeResponse(signal, partial);
  const [type, field] = TYPES[signal];
  const { partialSuccess } = type.decode(bytes);
  expect([Number(partialSuccess[field]), partialSuccess.errorMessage]).toEqual([3, partial.message]);
  expect(decodeResponse(bytes)).toEqual(partial);
  expect(JSON.parse(responseToJson(signal, partial))).toEqual({
    partialSuccess: { [field]: "3", errorMessage: partial.message },
  });
});

test("full success is empty, and an empty partial success is full", () => {
  expect(encodeResponse("logs", undefined).length).toBe(0);
  expect(responseToJson("logs", undefined)).toBe("{}");
  expect(decodeResponse(new Uint8Array(0))).toBeUndefined();
  expect(decodeResponse(Uint8Array.of(0x0a, 0))).toBeUndefined();
  expect(decodeResponse(encodeResponse("logs", { rejected: 0, message: "careful" }))).toEqual({
    rejected: 0,
    message: "careful",
  });
  expect(() => decodeResponse(Uint8Array.of(0x0a, 5))).toThrow(WireError);
});
