/** Where Loki takes OTLP: https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs-using-otlp */
import type { HttpEndpoint } from "../http/http-endpoint.ts";

/** The URL for logs of a Loki that is named by its own URL, by the base for OTLP exporters (`/otlp`), or whole. */
export function logsEndpoint(endpoint: HttpEndpoint): HttpEndpoint {
  const url = new URL(endpoint.url);
  url.pathname = `${url.pathname.replace(/(?:\/otlp(?:\/v1(?:\/logs)?)?)?\/*$/, "")}/otlp/v1/logs`;
  return { ...endpoint, url };
}

/** Whether an endpoint is the one of Loki's own protocol. */
export function namesPushApi({ url }: HttpEndpoint): boolean {
  return /\/api\/(?:v1|prom)\/push\/*$/.test(url.pathname);
}
