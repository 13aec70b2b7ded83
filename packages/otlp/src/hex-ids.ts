/** The fields of bytes that OTLP/JSON writes in hex. All other bytes are base64. */

const HEX = new Set(["traceId", "spanId", "parentSpanId"]);

/** Whether the field with this JSON name is an id. */
export function isHexId(name: string): boolean {
  return HEX.has(name);
}
