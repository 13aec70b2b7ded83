/** Items as texts that are equal when the items are: for comparing what was sent with what came, whatever was batched how. */
import type { Signal } from "@rondo/otlp";
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";

/** Every item of some requests with its resource, scope and metric, field by field, in an order that depends on nothing else. */
export function itemTexts(signal: Signal, requests: readonly Uint8Array[]): readonly string[] {
  return requests
    .flatMap((body) => [...decodedItems(signal, decodeRequest(signal, body))])
    .map((item) => JSON.stringify(item, asText))
    .sort();
}

/** Ids and 64-bit numbers, which JSON lacks. Attributes are a set: their order says nothing. */
function asText(key: string, value: unknown): unknown {
  // A metric is there for what describes it: its points are items of their own.
  if (key === "dataPoints") return undefined;
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (key === "attributes" && Array.isArray(value)) {
    return value.toSorted((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  }
  return value;
}
