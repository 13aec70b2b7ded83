/** What each HTTP status means for a batch: the one mapping at this border. OTLP 1.11, "OTLP/HTTP Response". */
import type { FaultCode } from "@rondo/core";

/** `accepted`: the items arrived. `refused`: for good. `later`: try again, after Retry-After when there is one. */
export type HttpMeaning =
  | { readonly outcome: "accepted" }
  | { readonly outcome: "refused" }
  | { readonly outcome: "later"; readonly fault: FaultCode; readonly hint?: string };

const accepted: HttpMeaning = { outcome: "accepted" };
const refused: HttpMeaning = { outcome: "refused" };
const later: HttpMeaning = { outcome: "later", fault: "unavailable" };

/**
 * Rows that differ from their class.
 * - 408 says that the server did not get the request in time: nothing about the request is wrong.
 * - 501 and 505 will be answered tomorrow as well.
 * - 413 is for good as long as requests are not bisected.
 */
const EXCEPTIONS: Readonly<Record<number, HttpMeaning>> = {
  408: later,
  429: { outcome: "later", fault: "throttled" },
  501: refused,
  505: refused,
};

/**
 * By class. OTLP calls only 429, 502, 503 and 504 retryable, and the Collector drops the rest; Rondo repeats every other 5xx
 * too, 500 above all: a backend that has an accident has not judged the data. A redirect is not followed – it could lead
 * credentials and data anywhere – and is repeated, since it says more about the endpoint than about the request.
 */
const CLASSES: Readonly<Record<number, HttpMeaning>> = {
  2: accepted,
  3: {
    outcome: "later",
    fault: "config",
    hint: "redirects are not followed; set the endpoint to where the backend is",
  },
  4: refused,
  5: later,
};

/** What a status means; one outside of HTTP's classes says nothing of the batch. */
export function meaningOf(statusCode: number): HttpMeaning {
  return EXCEPTIONS[statusCode] ?? CLASSES[Math.floor(statusCode / 100)] ?? later;
}

/** The milliseconds of a Retry-After, which is seconds or a date (RFC 9110, 10.2.3); undefined when it is neither. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
