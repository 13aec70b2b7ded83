/** The keys of `otlphttp` (the Collector's otlp_http exporter) and their defaults. */
import { choice, duration, flag, integer, type Place, type ValuesOf } from "@rondo/core";
import { compression, headers, retryOnFailure, sendingQueue } from "../sending-fields.ts";
import { tls } from "../tls.ts";
import { idleKey, refusedKey } from "../unbuilt.ts";
import { httpEndpoint, namesSignalPath } from "./endpoint.ts";

const VERBATIM = "verbatim, instead of endpoint with /v1/<signal>.";
const HTTP2 = "requests go out over HTTP/1.1";

/** Fields of the exporter. */
export const fields = {
  endpoint: httpEndpoint("The backend's base URL; /v1/traces, /v1/metrics or /v1/logs is appended."),
  traces_endpoint: httpEndpoint(`The URL for traces, ${VERBATIM}`),
  metrics_endpoint: httpEndpoint(`The URL for metrics, ${VERBATIM}`),
  logs_endpoint: httpEndpoint(`The URL for logs, ${VERBATIM}`),
  profiles_endpoint: idleKey("The URL for profiles.", "profiles are not a signal of Rondo"),
  encoding: choice("The format of request bodies.", ["proto", "json"], "proto"),
  tls,
  headers,
  compression: compression(["gzip", "zstd", "deflate", "zlib"]),
  compression_params: idleKey("The compression level.", "the algorithm's own default is used"),
  timeout: duration("How long one try may take. 0 is no bound.", "30s"),
  retry_on_failure: retryOnFailure,
  sending_queue: sendingQueue,
  max_conns_per_host: integer("Most connections at once; 0 is one for each request in flight.", 0),
  max_idle_conns: integer("Most idle connections that are kept.", 100, { min: 1 }),
  max_idle_conns_per_host: idleKey("Most idle connections to one host.", "there is one host; see max_idle_conns"),
  idle_conn_timeout: duration(
    "How long an idle connection is kept; never longer than 4s, before servers close it under a request.",
    "90s",
  ),
  disable_keep_alives: flag("Open a connection for every request.", false),
  read_buffer_size: idleKey("Bytes of the read buffer.", "buffers are Node's"),
  write_buffer_size: idleKey("Bytes of the write buffer.", "buffers are Node's"),
  http2_read_idle_timeout: idleKey("Silence before an HTTP/2 ping.", HTTP2),
  http2_ping_timeout: idleKey("How long an answer to an HTTP/2 ping may take.", HTTP2),
  force_attempt_http2: idleKey("Prefer HTTP/2.", HTTP2),
  proxy_url: refusedKey("A proxy to go through.", "route to the backend directly, or remove the key"),
  auth: refusedKey("An extension that authenticates requests.", "put the credentials into headers, or remove the key"),
  cookies: refusedKey("Keep the backend's cookies.", "remove the key"),
  middlewares: refusedKey("Extensions around the client.", "remove the key"),
};

/** What the fields parse to. */
export type OtlpHttpValues = ValuesOf<typeof fields>;

/** At least one URL is needed, and a base URL that already names a signal is pointed out. */
export function check(values: OtlpHttpValues, place: Place): void {
  const { endpoint, traces_endpoint, metrics_endpoint, logs_endpoint } = values;
  if ([endpoint, traces_endpoint, metrics_endpoint, logs_endpoint].every((one) => one === null)) {
    place.at("endpoint").problem("is required unless traces_endpoint, metrics_endpoint or logs_endpoint is set");
  }
  const named = endpoint === null ? undefined : namesSignalPath(endpoint);
  if (named !== undefined) {
    const path = `/v1/${named}`;
    place
      .at("endpoint")
      .warn(`ends in ${path}, and ${path} is appended to it again; ${named}_endpoint is used as it is`);
  }
}
