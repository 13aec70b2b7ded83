/** The official OTLP/JSON examples, where they lie beside the repository: there and back they mean the same. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FlawedItems, type Signal, validateRequest } from "@rondo/otlp";
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

test.skipIf(!present).each(FILES)("%s", (file, signal) => {
  const text = readFileSync(join(examples, file));
  const body = requestFromJson(signal, text);
  expect(validateRequest(signal, body, new FlawedItems())).toBeGreaterThan(0);
  expect(normal("", JSON.parse(requestToJson(signal, body).toString()))).toEqual(
    normal("", JSON.parse(text.toString("utf8"))),
  );
});
