/**
 * The official OTLP/JSON examples, where they lie beside the repository: there and back they mean the same, also to the generated
 * codec. The recorded run makes the same way in packages/otlp.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FlawedItems, type Signal, validateRequest } from "@rondo/otlp";
import { decodeRequest } from "@rondo/otlp/codec";
import { requestFromJson, requestToJson } from "@rondo/otlp/json";
import { expect, test } from "vitest";

const examples = join(import.meta.dirname, "../../../shared/conformance/otlp-examples");
const present = existsSync(examples);
if (!present) console.warn("skipped: the OTLP/JSON examples are not compared, none beside the repository");

const FILES: readonly (readonly [string, Signal])[] = [
  ["trace.json", "traces"],
  ["metrics.json", "metrics"],
  ["logs.json", "logs"],
  ["events.json", "logs"],
];
const IDS = new Set(["traceId", "spanId", "parentSpanId"]);
const NUMBERS = /^(?:.*UnixNano|intValue|asInt|count|zeroCount|bucketCounts)$/;

/** The same text for everything that OTLP/JSON may spell in two ways. */
function normal(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => normal(key, entry));
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([name, inner]) => [name, normal(name, inner)] as const);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== 0 && inner !== "" && inner !== false));
  }
  if (typeof value === "string" && IDS.has(key)) return value.toLowerCase();
  return NUMBERS.test(key) ? String(value) : value;
}

/** A decoded request as OTLP/JSON has it. */
function spelled(key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString(IDS.has(key) ? "hex" : "base64");
  if (Array.isArray(value)) return value.map((entry) => spelled(key, entry));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => !Array.isArray(inner) || inner.length > 0);
  return Object.fromEntries(entries.map(([name, inner]) => [name, spelled(name, inner)]));
}

const parsed = (text: Buffer): unknown => JSON.parse(text.toString("utf8"));

test.skipIf(!present).each(FILES)("%s", (file, signal) => {
  const text = readFileSync(join(examples, file));
  const body = requestFromJson(signal, text);
  expect(validateRequest(signal, body, new FlawedItems())).toBeGreaterThan(0);
  // The generated codec finds in the protobuf what stands in the example, and so does our JSON of it.
  const example = normal("", parsed(text));
  expect(normal("", spelled("", decodeRequest(signal, body)))).toEqual(example);
  const again = requestToJson(signal, body);
  expect(normal("", parsed(again))).toEqual(example);
  expect(requestFromJson(signal, again)).toEqual(body);
});
