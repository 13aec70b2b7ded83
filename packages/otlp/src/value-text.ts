/** An AnyValue as text, as the Collector writes one where only text can stand (`pcommon.Value.AsString`). */
import { ANY, entriesOf, memberOf, pairOf, VALUE_DEPTH } from "./any-value.ts";
import { asBuffer } from "./copy-range.ts";
import type { Cursor } from "./cursor.ts";

const NOTHING = new Uint8Array(0);

/**
 * Strings as they are, numbers and booleans as in JSON, bytes in base64, arrays and maps as JSON with sorted keys, the
 * empty value as "". A nested value that JSON cannot hold (NaN, infinities, too deep) makes the whole text "".
 */
export function valueText(value: Uint8Array): string {
  const member = memberOf(value);
  switch (member?.field) {
    case undefined:
    case ANY.index:
      return "";
    case ANY.string:
      return member.text();
    case ANY.bytes:
      return Buffer.from(member.slice()).toString("base64");
    case ANY.double:
      return numberText(member.double());
    default: {
      return json(value, 0) ?? "";
    }
  }
}

/** Go's names for what is no number; -0 keeps its sign. Otherwise Go's and JavaScript's JSON agree. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function json(value: Uint8Array, depth: number): string | undefined {
  if (depth > VALUE_DEPTH) return undefined;
  const member = memberOf(value);
  switch (member?.field) {
    case ANY.string:
      return quote(member.text());
    case ANY.bytes:
      return quote(Buffer.from(member.slice()).toString("base64"));
    case ANY.bool:
      return member.number() === 0 ? "false" : "true";
    case ANY.int:
      return member.int64().toString();
    case ANY.double: {
      const number = member.double();
      return Number.isFinite(number) ? numberText(number) : undefined;
    }
    case ANY.array: {
      const parts: string[] = [];
      for (const entry of entriesOf(member)) {
        const text = json(entry, depth + 1);
        if (text === undefined) return undefined;
        parts.push(text);
      }
      return `[${parts.join(",")}]`;
    }
    case ANY.map:
      return mapJson(member, depth);
    default:
      return "null";
  }
}

function mapJson(member: Cursor, depth: number): string | undefined {
  const entries = new Map<string, string>();
  for (const pair of entriesOf(member)) {
    const { key, value = NOTHING } = pairOf(pair);
    const text = json(value, depth + 1);
    if (text === undefined) return undefined;
    entries.set(asBuffer(key).toString(), text);
  }
  const sorted = [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${sorted.map(([key, text]) => `${quote(key)}:${text}`).join(",")}}`;
}

/** JSON with the escapes of Go's encoder, which also hides what HTML and JavaScript would read. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
