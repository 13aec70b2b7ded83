/** The keys of `otlphttp` (the Collector's otlp_http exporter) and their defaults. */
import { choice, duration, type Place, type ValuesOf } from "@rondo/core";
import { EXPORT_PATHS } from "@rondo/otlp";
import { connectionFields } from "../http/connection-fields.ts";
import { httpEndpoint } from "../http/http-endpoint.ts";
import { compression, retryOnFailure, sendingQueue } from "../sending-fields.ts";
import { namesSignalPath } from "./endpoint.ts";

const VERBATIM = "verbatim, instead of endpoint with the signal's path.";

/** Fields of the exporter. */
export const fields = {
  endpoint: httpEndpoint(
    "The backend's base URL; /v1/traces, /v1/metrics, /v1/logs or /v1development/profiles is appended.",
  ),
  traces_endpoint: httpEndpoint(`The URL for traces, ${VERBATIM}`),
  metrics_endpoint: httpEndpoint(`The URL for metrics, ${VERBATIM}`),
  logs_endpoint: httpEndpoint(`The URL for logs, ${VERBATIM}`),
  profiles_endpoint: httpEndpoint(`The URL for profiles, ${VERBATIM}`),
  encoding: choice("The format of request bodies.", ["proto", "json"], "proto"),
  compression: compression(["gzip", "zstd", "deflate", "zlib"]),
  timeout: duration("How long one try may take. 0 is no bound.", "30s"),
  retry_on_failure: retryOnFailure,
  sending_queue: sendingQueue,
  ...connectionFields,
};

/** What the fields parse to. */
export type OtlpHttpValues = ValuesOf<typeof fields>;

/** At least one URL is needed, and a base URL that already names a signal is pointed out. */
export function check(values: OtlpHttpValues, place: Place): void {
  const { endpoint, traces_endpoint, metrics_endpoint, logs_endpoint, profiles_endpoint } = values;
  const urls = [endpoint, traces_endpoint, metrics_endpoint, logs_endpoint, profiles_endpoint];
  if (urls.every((one) => one === null)) {
    place
      .at("endpoint")
      .problem("is required unless traces_endpoint, metrics_endpoint, logs_endpoint or profiles_endpoint is set");
  }
  const named = endpoint === null ? undefined : namesSignalPath(endpoint);
  if (named !== undefined) {
    const path = EXPORT_PATHS[named];
    place
      .at("endpoint")
      .warn(`ends in ${path}, and ${path} is appended to it again; ${named}_endpoint is used as it is`);
  }
}
