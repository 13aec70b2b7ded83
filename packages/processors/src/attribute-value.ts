/** Attribute values in configurations: their type is the one that YAML gives them, as in the Collector. */
import { type Field, field, type Place } from "@rondo/core";
import { anyValue, VALUE_DEPTH, type Value } from "@rondo/otlp";

/**
 * A field of any YAML value; it parses to AnyValue bytes. Text, booleans, whole numbers (int), other numbers (double), lists
 * and maps; a whole number must fit 64 signed bits. An empty value counts as absent. `1.0` is a double where the place knows
 * how it was written, but an int inside a list or map.
 */
export function attributeValue(doc: string): Field<Uint8Array> {
  return field("any value", doc, (raw, place) => {
    if (typeof raw === "number" && WRITTEN_AS_DOUBLE.test(place.written ?? "")) return doubleValue(raw);
    const found = { problems: 0 };
    const value = readValue(raw, counting(place, found), 0);
    return found.problems > 0 ? undefined : anyValue(value);
  });
}

/** Needed for whole numbers, which `anyValue` takes for ints. */
function doubleValue(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = DOUBLE_TAG;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

/** A number with a point or an exponent, which is a double even where it is whole; not the hexadecimal 0x1E. */
const WRITTEN_AS_DOUBLE = /^[-+\d_.]*[.eE]/;

/** AnyValue.double_value, field 4, as a fixed64. */
const DOUBLE_TAG = 0x21;

/** Counts the problems found below a place, so that a value with one is not used in part. */
function counting(place: Place, found: { problems: number }): Place {
  return {
    path: place.path,
    problem(message) {
      found.problems++;
      place.problem(message);
    },
    warn: (message) => place.warn(message),
    at: (key) => counting(place.at(key), found),
  };
}

function readValue(raw: unknown, place: Place, depth: number): Value {
  if (depth > VALUE_DEPTH) {
    place.problem(`nests deeper than ${VALUE_DEPTH} levels`);
    return null;
  }
  if (raw === null || raw === undefined || typeof raw === "string" || typeof raw === "boolean") return raw ?? null;
  if (typeof raw === "number" || typeof raw === "bigint") return numberOf(raw, place);
  if (Array.isArray(raw)) return raw.map((one, index) => readValue(one, place.at(index), depth + 1));
  if (raw instanceof Uint8Array) return raw;
  const entries = raw instanceof Map ? [...raw] : typeof raw === "object" ? Object.entries(raw) : undefined;
  if (entries !== undefined) {
    return new Map(entries.map(([key, one]) => [String(key), readValue(one, place.at(String(key)), depth + 1)]));
  }
  place.problem("must be text, a number, true or false, a list or a map");
  return null;
}

function numberOf(raw: number | bigint, place: Place): Value {
  if (typeof raw === "bigint" && BigInt.asIntN(64, raw) !== raw) place.problem("is beyond a 64-bit integer");
  else if (typeof raw === "bigint" || !Number.isInteger(raw) || Number.isSafeInteger(raw)) return raw;
  // Such a number was rounded when it was read; a wrong attribute is worse than a refused configuration.
  else place.problem("is beyond 2^53 and would lose digits; write it as text, in quotes");
  return null;
}
