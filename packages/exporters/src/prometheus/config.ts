/** The keys of `prometheus` (the Collector's exporter of that name) and their defaults. */
import { duration, flag, idleKey, type Place, refusedKey, type ValuesOf } from "@rondo/core";
import { sendingQueue } from "../sending-fields.ts";
import { checkLabels, fixedLabels, translationFields } from "../translation-fields.ts";
import { listenAddress } from "./listen-address.ts";

const SMALL = "the page is answered at once, and what a scraper may take is bounded";
const OPEN = "end TLS and authenticate in front of Rondo, or remove the key and keep the endpoint on localhost";

/** Fields of the exporter. */
export const fields = {
  endpoint: listenAddress("Where /metrics is served, such as 0.0.0.0:8889."),
  ...translationFields,
  const_labels: fixedLabels("Labels for every series that has none of that name."),
  send_timestamps: flag("Write the time of each value. Without, a value counts as of the scrape.", false),
  metric_expiration: duration("How long a series is shown after its last value. 0 is for ever.", "5m"),
  enable_open_metrics: flag("Answer in OpenMetrics, with exemplars, whoever asks for it.", false),
  without_scope_info: flag("Leave out the labels otel_scope_*.", false),
  sending_queue: sendingQueue,
  tls: refusedKey("TLS on the page.", OPEN),
  auth: refusedKey("Authentication of scrapers.", OPEN),
  middlewares: refusedKey("Extensions that see requests first.", "remove the key"),
  cors: idleKey("Lets pages of other origins read it.", "browsers will not be let through"),
  response_headers: idleKey("Headers added to every answer.", "the page has those it needs"),
  max_request_body_size: idleKey("Largest body of a request.", "a request for the page has no body"),
  include_metadata: idleKey("Keeps request headers.", "nobody reads them"),
  compression_algorithms: idleKey("Encodings of request bodies.", "a request for the page has no body"),
  read_timeout: idleKey("Time for a request to arrive.", SMALL),
  read_header_timeout: idleKey("Time for the headers to arrive.", SMALL),
  write_timeout: idleKey("Time for an answer to be taken.", SMALL),
  idle_timeout: idleKey("How long an idle connection is kept.", SMALL),
  keep_alives_enabled: idleKey("Keeps connections open between scrapes.", "they are kept"),
};

/** What the fields parse to. */
export type ExpositionValues = ValuesOf<typeof fields>;

/** Labels need names. */
export function check(values: ExpositionValues, place: Place): void {
  checkLabels(values.const_labels, place.at("const_labels"));
}
