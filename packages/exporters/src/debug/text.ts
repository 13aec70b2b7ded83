/** Values as the Collector's debug exporter writes them. */
import type { DecodedAttribute, DecodedValue } from "@rondo/otlp/codec";

/** Go's names of the kinds of values (pcommon.ValueType). */
type Kind = "Empty" | "Str" | "Bool" | "Int" | "Double" | "Bytes" | "Slice" | "Map";

/** How deep values are shown; the wire readers refuse deeper ones. */
const DEPTH = 32;

/** What may move a terminal's cursor or colour it, other than line breaks and tabs, is shown as its escape. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, escaped);
}

const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** `Str(x)`, `Int(1)`, `Map({"a":1})`, … */
export function typedText(value: DecodedValue | undefined): string {
  return `${kindOf(value)}(${plainText(value)})`;
}

/** The value alone: strings as they are, bytes in base64, arrays and maps as JSON. */
export function plainText(value: DecodedValue | undefined): string {
  if (value?.stringValue !== undefined) return value.stringValue;
  if (value?.bytesValue !== undefined) return Buffer.from(value.bytesValue).toString("base64");
  if (value?.doubleValue !== undefined) return numberText(value.doubleValue);
  return kindOf(value) === "Empty" ? "" : json(value, 0);
}

/** `key=value` for each attribute. */
export function pairs(attributes: readonly DecodedAttribute[]): string[] {
  return attributes.map(({ key = "", value }) => `${key}=${plainText(value)}`);
}

/** An id in lower-case hex; "" for the absent and the all-zero id. */
export function idText(id: Uint8Array | undefined): string {
  return id === undefined || id.every((byte) => byte === 0) ? "" : Buffer.from(id).toString("hex");
}

/** Nanoseconds since the epoch as Go prints a time: `2020-02-11 20:26:12.000000321 +0000 UTC`. */
export function timeText(nanos: bigint | undefined): string {
  const time = nanos ?? 0n;
  const [date = "", clock = ""] = new Date(Number(time / 1_000_000n)).toISOString().split("T");
  const fraction = String(time % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${date} ${clock.slice(0, 8)}${fraction === "" ? "" : `.${fraction}`} +0000 UTC`;
}

/** Go's `%v` of a float, as far as JavaScript agrees with it. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** Go's `%f`. */
export function fixedText(value: number | undefined): string {
  return Number.isFinite(value ?? 0) ? (value ?? 0).toFixed(6) : numberText(value ?? 0);
}

function kindOf(value: DecodedValue | undefined): Kind {
  if (value?.stringValue !== undefined) return "Str";
  if (value?.boolValue !== undefined) return "Bool";
  if (value?.intValue !== undefined) return "Int";
  if (value?.doubleValue !== undefined) return "Double";
  if (value?.bytesValue !== undefined) return "Bytes";
  if (value?.arrayValue !== undefined) return "Slice";
  return value?.kvlistValue === undefined ? "Empty" : "Map";
}

function json(value: DecodedValue | undefined, depth: number): string {
  if (depth > DEPTH) return '"…"';
  if (value?.boolValue !== undefined) return String(value.boolValue);
  if (value?.intValue !== undefined) return value.intValue.toString();
  if (value?.doubleValue !== undefined) {
    return Number.isFinite(value.doubleValue)
      ? numberText(value.doubleValue)
      : JSON.stringify(numberText(value.doubleValue));
  }
  if (value?.arrayValue !== undefined) {
    return `[${value.arrayValue.values.map((one) => json(one, depth + 1)).join(",")}]`;
  }
  if (value?.kvlistValue !== undefined) {
    const members = value.kvlistValue.values.map(({ key = "", value: one }) => [key, json(one, depth + 1)] as const);
    // Go's encoder sorts the keys of a map.
    const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${sorted.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
  }
  return kindOf(value) === "Empty" ? "null" : JSON.stringify(plainText(value));
}
