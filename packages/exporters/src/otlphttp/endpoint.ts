/** The addresses of an OTLP/HTTP backend: one URL for all signals, or one for each. */
import { CARRIED, type Carried, EXPORT_PATHS } from "@rondo/otlp";
import type { HttpEndpoint } from "../http/http-endpoint.ts";

/**
 * The URL of a signal: its own endpoint verbatim, else `endpoint` with the signal's path appended, as the Collector does – also when
 * the endpoint already ends in it, so that a configuration means the same in both. Undefined when neither is set.
 */
export function urlOf(
  signal: Carried,
  endpoint: HttpEndpoint | null,
  own: HttpEndpoint | null,
): HttpEndpoint | undefined {
  if (own !== null) return own;
  if (endpoint === null) return undefined;
  const url = new URL(endpoint.url);
  url.pathname = `${url.pathname.replace(/\/$/, "")}${EXPORT_PATHS[signal]}`;
  return { ...endpoint, url };
}

/** The signal whose path an endpoint already names, which is most likely a mistake. */
export function namesSignalPath({ url }: HttpEndpoint): Carried | undefined {
  return CARRIED.find((signal) => url.pathname.replace(/\/$/, "").endsWith(EXPORT_PATHS[signal]));
}
