/** Lets pages of other origins send: preflight requests are answered before anything else looks at them, as in the Collector. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Field, field, group, integer, list, type ValuesOf } from "@rondo/core";

/** What a page may ask for. Collector: rs/cors without AllowedMethods. */
const METHODS: readonly string[] = ["GET", "POST", "HEAD"];

/** Headers that a page may always send: without them no OTLP leaves a browser. */
const HEADERS: readonly string[] = ["origin", "accept", "content-type", "x-requested-with"];

const origin: Field<string> = field(
  "origin",
  "Such as https://app.example or https://*.example; * is any.",
  (raw, place) => {
    const pattern = typeof raw === "string" ? raw.toLowerCase() : "";
    if (!/^[^\s*]*\*?[^\s*]*$/.test(pattern) || pattern === "") {
      place.problem("must be an origin such as https://app.example, with one * at most");
      return undefined;
    }
    // Browsers send scheme, host and port, and nothing else.
    if (pattern !== "*" && !/^[a-z*][^/]*:\/\/[^/]+$/.test(pattern)) {
      place.warn("will let no page send: an origin is scheme://host[:port] without a path");
    }
    return pattern;
  },
);

const headerName: Field<string> = field("header", "Name of a header; * is any.", (raw, place) => {
  if (typeof raw === "string" && /^[!#$%&'*+.^_`|~\w-]+$/.test(raw)) return raw;
  place.problem("must be the name of a header, such as X-Api-Key");
  return undefined;
});

const fields = {
  allowed_origins: list("Origins of pages that may send. Empty: no page of another origin may.", origin, []),
  allowed_headers: list(
    "Headers that pages may send besides Origin, Accept, Content-Type and X-Requested-With.",
    headerName,
    [],
  ),
  exposed_headers: list("Headers of answers that pages may read, such as Retry-After.", headerName, []),
  max_age: integer("How long browsers keep the answer to a preflight, seconds; 0 leaves it to them.", 0),
};

const inner = group("Lets pages of other origins send.", fields);

/** `cors` of OTLP/HTTP. Collector: config/confighttp. */
export const cors: Field<CorsValues> = {
  ...inner,
  read(raw, place) {
    const values = inner.read(raw, place);
    if (
      values?.allowed_origins.length === 0 &&
      (values.allowed_headers.length > 0 || values.exposed_headers.length > 0)
    ) {
      place.warn("names headers but no allowed_origins, and therefore has no effect");
    }
    return values;
  },
};

/** What `cors` parses to. */
export type CorsValues = ValuesOf<typeof fields>;

/** Answers for one listener. */
export interface Cors {
  /** Adds the headers that a page needs to read the answer. True when the request was a preflight, which is then answered. */
  answered(request: IncomingMessage, response: ServerResponse): boolean;
}

/** The answers that the values ask for; undefined when no origin is allowed. Fetch standard, §3.2 "CORS protocol". */
export function corsOf({ allowed_origins, allowed_headers, exposed_headers, max_age }: CorsValues): Cors | undefined {
  if (allowed_origins.length === 0) return undefined;
  const any = allowed_origins.includes("*");
  const headers = new Set([...HEADERS, ...allowed_headers.map((name) => name.toLowerCase())]);

  /** What stands for the origin in an answer; undefined when it is not allowed. */
  const allowed = (from: string | undefined): string | undefined => {
    if (from === undefined) return undefined;
    // Not the origin itself: to `*` browsers send no credentials.
    if (any) return "*";
    return allowed_origins.some((pattern) => matches(pattern, from.toLowerCase())) ? from : undefined;
  };

  const preflight = (request: IncomingMessage, response: ServerResponse): void => {
    response.appendHeader("Vary", ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]);
    const to = allowed(request.headers.origin);
    const method = request.headers["access-control-request-method"]?.toUpperCase() ?? "";
    const asked = (request.headers["access-control-request-headers"] ?? "").split(",").map((name) => name.trim());
    const named = asked.filter((name) => name !== "");
    const permitted = headers.has("*") || named.every((name) => headers.has(name.toLowerCase()));
    if (to !== undefined && METHODS.includes(method) && permitted) {
      response.setHeader("Access-Control-Allow-Origin", to);
      response.setHeader("Access-Control-Allow-Methods", method);
      if (named.length > 0) response.setHeader("Access-Control-Allow-Headers", named.join(", "));
      response.setHeader("Access-Control-Allow-Credentials", "true");
      if (max_age > 0) response.setHeader("Access-Control-Max-Age", max_age);
    }
    response.writeHead(204).end();
  };

  return {
    answered(request, response) {
      if (request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
        preflight(request, response);
        return true;
      }
      response.appendHeader("Vary", "Origin");
      const to = allowed(request.headers.origin);
      if (to === undefined) return false;
      response.setHeader("Access-Control-Allow-Origin", to);
      response.setHeader("Access-Control-Allow-Credentials", "true");
      if (exposed_headers.length > 0) response.setHeader("Access-Control-Expose-Headers", exposed_headers.join(", "));
      return false;
    },
  };
}

function matches(pattern: string, from: string): boolean {
  const [before = "", after] = pattern.split("*", 2);
  if (after === undefined) return from === before;
  return from.length >= before.length + after.length && from.startsWith(before) && from.endsWith(after);
}
