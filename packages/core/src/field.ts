/**
 * Configuration as data with its documentation inside: a field knows its type, default, doc and checks.
 * Parsing collects every problem with its path; what comes out is typed by inference from the same table.
 */

/** The place in a configuration that is being read, and where its problems go. */
export interface Place {
  /** The path as a user would write it: `receivers::otlp::protocols`. */
  readonly path: string;
  /** The text that stands here in the file, where the value is not that text itself: `1.0` of the number 1, `0123` of 83. */
  readonly written?: string | undefined;
  /** Reports something wrong here; reading goes on so that all problems show at once. */
  problem(message: string): void;
  /** Reports something that works but is probably not meant. */
  warn(message: string): void;
  /** The place one key or index deeper. */
  at(key: string | number): Place;
}

/** How a field is written, for generated documentation. */
export interface FieldDoc {
  readonly type: string;
  readonly doc: string;
  /** The default as a user would write it; absent when there is none. */
  readonly fallback?: string;
  readonly required: boolean;
  /** Fields inside a group, the element of a list or the value of a map. */
  readonly children?: Readonly<Record<string, FieldDoc>>;
}

/** One configuration value: `read` gets what YAML gave (undefined when absent) and returns undefined only after a problem. */
export interface Field<T> {
  readonly docs: FieldDoc;
  read(raw: unknown, place: Place): T | undefined;
}

/** A table of fields: what a component's map of configuration may hold, by key. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The values that a table of fields parses to. */
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** Makes a field of a check. Without `fallback` the field is required. */
export function field<T>(
  type: string,
  doc: string,
  check: (raw: unknown, place: Place) => T | undefined,
  fallback?: { readonly value: T; readonly text?: string },
): Field<T> {
  const docs: FieldDoc = {
    type,
    doc,
    required: fallback === undefined,
    ...(fallback && { fallback: fallback.text ?? JSON.stringify(fallback.value) ?? "none" }),
  };
  return {
    docs,
    read(raw, place) {
      if (raw !== undefined && raw !== null) return check(raw, place);
      if (fallback !== undefined) return fallback.value;
      place.problem(`is required: ${doc}`);
      return undefined;
    },
  };
}

/** A field that may be absent; it then parses to `null`, whatever default a field inside it has. */
export function optional<T>(inner: Field<T>): Field<T | null> {
  return {
    docs: { ...inner.docs, required: false, fallback: "none" },
    read: (raw, place) => (raw === undefined || raw === null ? null : inner.read(raw, place)),
  };
}

/** A default in the shape that `field` takes; undefined makes the field required. */
const given = <T>(value: T | undefined, text?: string) =>
  value === undefined ? undefined : { value, ...(text !== undefined && { text }) };

/** What was found, in words short enough for an error, and never its content. */
export function nameOf(raw: unknown): string {
  if (raw === null) return "nothing";
  if (Array.isArray(raw)) return "a list";
  return typeof raw === "object" ? "a map" : `a ${typeof raw}`;
}

/** Text. Numbers and booleans are taken as YAML wrote them, as the Collector does. */
export function text(doc: string, fallback?: string): Field<string> {
  return field("text", doc, textOf, given(fallback));
}

function textOf(raw: unknown, place: Place): string | undefined {
  if (typeof raw === "string") return raw;
  if (typeof raw === "number" || typeof raw === "boolean" || typeof raw === "bigint") return String(raw);
  place.problem(`must be text, but is ${nameOf(raw)}`);
  return undefined;
}

/** Text that must never be printed. It parses to a Secret, whose every rendering is redacted. */
export function secret(doc: string): Field<Secret> {
  return field("secret", doc, (raw, place) => {
    const value = textOf(raw, place);
    return value === undefined ? undefined : new Secret(value);
  });
}

/** An address that may hold a password, such as `redis://user:password@redis:6379`: a Secret of which only the rest may be shown. */
export function secretUrl(doc: string): Field<Secret> {
  const { docs, ...rest } = secret(doc);
  return { ...rest, docs: { ...docs, type: "secret URL" } };
}

/** Holds a secret so that no log, error or page can print it by accident; `reveal` is the only way in. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "[REDACTED]";
  }
  toJSON(): string {
    return "[REDACTED]";
  }
}

/** true or false. */
export function flag(doc: string, fallback?: boolean): Field<boolean> {
  return field(
    "true or false",
    doc,
    (raw, place) => {
      if (typeof raw === "boolean") return raw;
      // What a variable is expanded to is text, here and in numbers.
      if (raw === "true" || raw === "false") return raw === "true";
      place.problem(`must be true or false, but is ${nameOf(raw)}`);
      return undefined;
    },
    given(fallback),
  );
}

/** A whole number from `min` to `max`. */
export function integer(
  doc: string,
  fallback?: number,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { readonly min?: number; readonly max?: number } = {},
): Field<number> {
  return field(
    "whole number",
    doc,
    (raw, place) => {
      const value = typeof raw === "string" && /^[+-]?\d+$/.test(raw) ? Number(raw) : raw;
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
      const bounds = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
      place.problem(`must be a whole number ${bounds}`);
      return undefined;
    },
    given(fallback),
  );
}

/** Any finite number from `min` to `max`. */
export function decimal(
  doc: string,
  fallback?: number,
  { min = -Number.MAX_VALUE, max = Number.MAX_VALUE }: { readonly min?: number; readonly max?: number } = {},
): Field<number> {
  return field(
    "number",
    doc,
    (raw, place) => {
      const value = typeof raw === "string" && raw.trim() !== "" ? Number(raw) : raw;
      if (typeof value === "number" && Number.isFinite(value) && value >= min && value <= max) return value;
      place.problem(`must be a number from ${min} to ${max}`);
      return undefined;
    },
    given(fallback),
  );
}

/** Go's units (time.ParseDuration). The two spellings of micro are two letters of Unicode. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Parses a Go duration such as `1h30m` or `250ms` to milliseconds; undefined when it is none. */
export function parseDuration(written: string): number | undefined {
  const value = written.trim();
  if (value === "0") return 0;
  const parts = [...value.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy)];
  if (parts.length === 0 || parts.reduce((length, part) => length + part[0].length, 0) !== value.length)
    return undefined;
  return parts.reduce((ms, [, amount = "", unit = ""]) => ms + Number(amount) * (UNIT_MS[unit] ?? 0), 0);
}

/** A duration as Go writes it, such as `200ms` or `1m30s`. Parses to milliseconds. */
export function duration(doc: string, fallback?: string): Field<number> {
  return field(
    "duration",
    doc,
    (raw, place) => {
      const ms = typeof raw === "string" ? parseDuration(raw) : raw === 0 ? 0 : undefined;
      if (ms === undefined) place.problem("must be a duration with a unit, such as 200ms, 5s or 1h30m");
      return ms;
    },
    fallback === undefined ? undefined : { value: parseDuration(fallback) ?? 0, text: fallback },
  );
}

/** One of a closed set of words. */
export function choice<const T extends string>(doc: string, words: readonly T[], fallback?: T): Field<T> {
  return field(
    words.join(" | "),
    doc,
    (raw, place) => {
      const found = words.find((word) => word === raw);
      if (found === undefined) place.problem(`must be one of ${words.join(", ")}`);
      return found;
    },
    given(fallback),
  );
}

/** A list whose elements are all of one field. */
export function list<T>(doc: string, element: Field<T>, fallback?: readonly T[]): Field<readonly T[]> {
  const made = field<readonly T[]>(
    `list of ${element.docs.type}`,
    doc,
    (raw, place) => {
      if (!Array.isArray(raw)) {
        place.problem(`must be a list, but is ${nameOf(raw)}`);
        return undefined;
      }
      const values: T[] = [];
      for (const [index, one] of raw.entries()) {
        const value = element.read(one, place.at(index));
        if (value !== undefined) values.push(value);
      }
      return values;
    },
    given(fallback),
  );
  return { ...made, docs: { ...made.docs, children: { "[]": element.docs } } };
}

/** A map with free keys whose values are all of one field. */
export function map<T>(doc: string, value: Field<T>, fallback?: ReadonlyMap<string, T>): Field<ReadonlyMap<string, T>> {
  const made = field<ReadonlyMap<string, T>>(
    `map of ${value.docs.type}`,
    doc,
    (raw, place) => {
      const entries = entriesOf(raw, place);
      if (entries === undefined) return undefined;
      const values = new Map<string, T>();
      for (const [key, one] of entries) {
        const read = value.read(one, place.at(value.docs.type === "secret" ? keyOfSecret(key) : key));
        if (read !== undefined) values.set(key, read);
      }
      return values;
    },
    fallback === undefined ? undefined : { value: fallback, text: "{}" },
  );
  return { ...made, docs: { ...made.docs, children: { "*": value.docs } } };
}

/** `{authorization:"Bearer x"}` is, without a blank after the colon, one long key: what stands behind its name is a secret. */
function keyOfSecret(key: string): string {
  const [name = ""] = /^[\w.-]*/.exec(key) ?? [];
  return name === key ? key : `${name}…`;
}

/** A map with known keys. Unknown keys are problems that name the nearest known one. Absent means all defaults. */
export function group<F extends Fields>(doc: string, fields: F): Field<ValuesOf<F>> {
  return {
    docs: {
      type: "map",
      doc,
      required: Object.values(fields).some((one) => one.docs.required),
      children: Object.fromEntries(Object.entries(fields).map(([key, one]) => [key, one.docs])),
    },
    read: (raw, place) => readFields(fields, raw, place),
  };
}

/** Reads a map against a table of fields: all problems are reported, undefined is returned when there was one. */
export function readFields<F extends Fields>(fields: F, raw: unknown, place: Place): ValuesOf<F> | undefined {
  const entries = entriesOf(raw ?? {}, place);
  if (entries === undefined) return undefined;
  const given = new Map(entries);
  let whole = true;
  // Unknown keys first: a misspelt one explains why a required one is missing.
  for (const key of given.keys()) {
    if (Object.hasOwn(fields, key)) continue;
    whole = false;
    place.at(key).problem(`unknown key${suggestion(key, Object.keys(fields))}`);
  }
  const values: [string, unknown][] = [];
  for (const [key, one] of Object.entries(fields)) {
    const value = one.read(given.get(key), place.at(key));
    if (value === undefined) whole = false;
    else values.push([key, value]);
  }
  // The table above is the type: every key was read by its own field.
  return whole ? (Object.fromEntries(values) as ValuesOf<F>) : undefined;
}

/** YAML's keys may be numbers; as keys of a configuration they are their text. */
function entriesOf(raw: unknown, place: Place): [string, unknown][] | undefined {
  if (raw instanceof Map) return [...raw].map(([key, value]) => [String(key), value]);
  if (typeof raw === "object" && raw !== null && !Array.isArray(raw)) return Object.entries(raw);
  place.problem(`must be a map, but is ${nameOf(raw)}`);
  return undefined;
}

/** `; did you mean x?` when a known word is near, else `; known: …`. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `; did you mean ${near}?`;
  return known.length === 0 ? "; nothing may be set here" : `; known: ${[...known].sort().join(", ")}`;
}

/** The known word nearest to `word` by edit distance, if it is within a third of its length. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance, row by row; what is `limit` or more is not told apart. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? limit;
}
