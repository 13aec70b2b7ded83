/** Regular expressions in configurations: RE2 syntax as in the Collector, matched in linear time whatever the input. */
import { type Field, field, nameOf, type Place } from "@rondo/core";
import { RE2JS } from "re2js";

/** A field whose text is an RE2 expression; it parses to the compiled expression, absent or empty text to null. */
export function pattern(doc: string): Field<RE2JS | null> {
  return field<RE2JS | null>(
    "regular expression (RE2)",
    doc,
    (raw, place) => (raw === "" ? null : compilePattern(raw, place)),
    { value: null, text: "none" },
  );
}

/** Compiles an RE2 expression; undefined after a problem. */
export function compilePattern(raw: unknown, place: Place): RE2JS | undefined {
  if (typeof raw !== "string") {
    place.problem(`must be a regular expression in RE2 syntax, as text, but is ${nameOf(raw)}`);
    return undefined;
  }
  try {
    return RE2JS.compile(raw);
  } catch (thrown) {
    // The library's messages quote the offending part of the expression.
    const why = thrown instanceof Error ? thrown.message.replace(/^error parsing regexp: /, "") : String(thrown);
    place.problem(`is not a regular expression in RE2 syntax: ${why}`);
    return undefined;
  }
}
