/** The values that a template computes with, and how Go's fmt names and prints them. */
import { formatFloat } from "./go-float.ts";

/** A moment, as `toTime` makes it. */
export interface TimeValue {
  readonly kind: "time";
  /** Seconds since the epoch. */
  readonly seconds: number;
}

/** A length of time, as `toDuration` makes it. */
export interface DurationValue {
  readonly kind: "duration";
  readonly seconds: number;
}

/** Fields by name: what a template is given. Another name is an error, where a map's missing key is empty text. */
export interface RecordValue {
  readonly kind: "record";
  readonly fields: ReadonlyMap<string, Value>;
}

/** Text by name, such as labels. A missing name has the empty text. */
export interface LabelMap {
  readonly kind: "labels";
  readonly entries: ReadonlyMap<string, string>;
}

/** Values by name, as `args` makes them. A missing name has no value. */
export interface ValueMap {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Value>;
}

/** A bigint is one of Go's integers, a number a float64; null is nil. */
export type Value =
  | string
  | boolean
  | number
  | bigint
  | null
  | TimeValue
  | DurationValue
  | RecordValue
  | LabelMap
  | ValueMap;

/** The type as Go prints it, for messages. */
export function typeOf(value: Value): string {
  if (value === null) return "nil";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "float64";
  if (typeof value === "bigint") return "int";
  return {
    time: "time.Time",
    duration: "time.Duration",
    record: "struct",
    labels: "map[string]string",
    map: "map[string]interface {}",
  }[value.kind];
}

/** Whether `if`, `with`, `and` and `or` take it for true: whatever is not empty, zero or nil. */
export function isTrue(value: Value): boolean {
  if (value === null) return false;
  if (typeof value === "object") {
    if (value.kind === "labels" || value.kind === "map") return value.entries.size > 0;
    return value.kind !== "duration" || value.seconds !== 0;
  }
  // NaN is true in Go: it is not zero.
  if (typeof value === "number") return value !== 0;
  return Boolean(value);
}

/** A value as `{{ … }}` prints it (fmt's %v); nil is `<no value>`. */
export function display(value: Value): string {
  if (value === null) return "<no value>";
  if (typeof value === "string") return value;
  if (typeof value === "number") return formatFloat(value, "g");
  if (typeof value !== "object") return String(value);
  switch (value.kind) {
    case "time":
      return displayTime(value.seconds);
    case "duration":
      return displayDuration(value.seconds);
    case "record":
      return `{${[...value.fields.values()].map(display).join(" ")}}`;
    case "labels":
    case "map":
      return `map[${sortedEntries(value)
        .map(([key, one]) => `${key}:${one === null ? "<nil>" : display(one)}`)
        .join(" ")}]`;
  }
}

/** A map's entries in the order in which Go prints and ranges over them. */
export function sortedEntries({ entries }: LabelMap | ValueMap): readonly (readonly [string, Value])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The last second that a JavaScript date can hold, and the first with a minus. */
const MAX_SECONDS = 8.64e12;

/** Go's time.Time.String in UTC: `2026-01-01 00:00:00.5 +0000 UTC`. */
export function displayTime(seconds: number): string {
  if (!(Math.abs(seconds) <= MAX_SECONDS)) return formatFloat(seconds, "g", 4);
  const whole = Math.floor(seconds);
  const nanos = Math.round((seconds - whole) * 1e9);
  const [day = "", time = ""] = new Date(whole * 1_000).toISOString().slice(0, -5).split("T");
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
  return `${day} ${time}${fraction} +0000 UTC`;
}

/** Go's time.Duration.String: `1h2m3.5s`, `1.5µs`, `0s`. What 64 bits of nanoseconds cannot hold is the least that they can. */
function displayDuration(seconds: number): string {
  if (!(Math.abs(seconds) * 1e9 < 2 ** 63)) return "-2562047h47m16.854775808s";
  const nanos = BigInt(Math.trunc(Math.abs(seconds) * 1e9));
  const sign = seconds < 0 && nanos > 0n ? "-" : "";
  if (nanos === 0n) return "0s";
  if (nanos < 1_000n) return `${sign}${nanos}ns`;
  if (nanos < 1_000_000n) return `${sign}${fraction(nanos, 3)}µs`;
  if (nanos < 1_000_000_000n) return `${sign}${fraction(nanos, 6)}ms`;
  const minutes = (nanos / 60_000_000_000n) % 60n;
  const hours = nanos / 3_600_000_000_000n;
  const rest = `${fraction(nanos % 60_000_000_000n, 9)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${rest}`;
  return minutes > 0n ? `${sign}${minutes}m${rest}` : sign + rest;
}

/** A whole number with its point `places` from the end, without zeros there. */
function fraction(whole: bigint, places: number): string {
  const text = whole.toString().padStart(places + 1, "0");
  return `${text.slice(0, -places)}.${text.slice(-places)}`.replace(/\.?0+$/, "");
}
