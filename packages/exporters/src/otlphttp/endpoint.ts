/** The addresses of an OTLP/HTTP backend: one URL for all signals, or one for each. */
import type { Signal } from "@rondo/otlp";
import type { HttpEndpoint } from "../http/http-endpoint.ts";

/**
 * The URL of a signal: its own endpoint verbatim, else `endpoint` with `/v1/<signal>` appended, as the Collector does – also when
 * the endpoint already ends in it, so that a configuration means the same in both. Undefined when neither is set.
 */
export function urlOf(
  signal: Signal,
  endpoint: HttpEndpoint | null,
  own: HttpEndpoint | null,
): HttpEndpoint | undefined {
  if (own !== null) return own;
  if (endpoint === null) return undefined;
  const url = new URL(endpoint.url);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return { ...endpoint, url };
}

/** Whether an endpoint already names a signal's path, which is most likely a mistake. */
export function namesSignalPath({ url }: HttpEndpoint): string | undefined {
  return /\/v1\/(traces|metrics|logs)\/?$/.exec(url.pathname)?.[1];
}
