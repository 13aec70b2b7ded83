/** `response_headers` of OTLP/HTTP: what a receiver adds to every answer, checked before the first. */
import { validateHeaderName, validateHeaderValue } from "node:http";
import { type Field, map, text } from "@rondo/core";

/** Headers that say how an answer is framed; another value would break it. */
const FRAMING: readonly string[] = [
  "connection",
  "content-length",
  "content-type",
  "transfer-encoding",
  "trailer",
  "upgrade",
];

const inner = map("Headers added to every answer.", text("Value."), new Map());

/** A map of header names and values that HTTP can carry. Collector: config/confighttp. */
export const responseHeaders: Field<ReadonlyMap<string, string>> = {
  ...inner,
  read(raw, place) {
    const headers = inner.read(raw, place);
    if (headers === undefined) return undefined;
    let whole = true;
    for (const [name, value] of headers) {
      const problem = problemOf(name, value);
      if (problem === undefined) continue;
      place.at(name).problem(problem);
      whole = false;
    }
    return whole ? headers : undefined;
  },
};

function problemOf(name: string, value: string): string | undefined {
  if (FRAMING.includes(name.toLowerCase())) return "cannot be set: the gateway itself says it of every answer";
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return undefined;
  } catch {
    return "must be the name of a header and a value without line breaks";
  }
}
