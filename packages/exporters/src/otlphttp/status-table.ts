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

/** What is wrong is said of the exporter, not of the data: it waits until somebody has set that right. */
const waits = (fault: FaultCode, hint: string): HttpMeaning => ({ outcome: "later", fault, hint });

const CREDENTIALS = "check the credentials in the exporter's headers, and what they allow";
const PLACE = "check the exporter's endpoint, and whether the backend is set up to take this there";

/**
 * Rows that differ from their class.
 * - 401, 403, 404, 405, 407 and 415 speak of credentials, address and encoding. OTLP and remote write give such requests up;
 *   whoever has to renew a token wants to find the night's data in the log, not in a counter of drops.
 * - 408 says that the server did not get the request in time: nothing about the request is wrong.
 * - 501 and 505 will be answered tomorrow as well.
 * - 413 is a refusal like any other: the search for the items that are refused makes requests smaller.
 */
const EXCEPTIONS: Readonly<Record<number, HttpMeaning>> = {
  401: waits("unauthenticated", CREDENTIALS),
  403: waits("forbidden", CREDENTIALS),
  404: waits("config", PLACE),
  405: waits("config", PLACE),
  407: waits("unauthenticated", CREDENTIALS),
  408: later,
  415: waits(
    "config",
    "the backend does not know the encoding or the compression; check endpoint, encoding and compression",
  ),
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
  3: waits("config", "redirects are not followed; set the endpoint to where the backend is"),
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
