/** The keys of `prometheusremotewrite` (the Collector's prometheus_remote_write exporter) and their defaults. */
import {
  choice,
  duration,
  flag,
  group,
  idleKey,
  integer,
  optional,
  type Place,
  refusedFlag,
  refusedKey,
  type ValuesOf,
} from "@rondo/core";
import { connectionFields } from "../http/connection-fields.ts";
import { httpEndpoint } from "../http/http-endpoint.ts";
import { retryOnFailureFrom } from "../sending-fields.ts";
import { checkLabels, fixedLabels, translationFields } from "../translation-fields.ts";

/** Why the keys of the Collector's queue have no effect. */
const QUEUE = "the queue is Rondo's log, and one request a partition is in flight, which keeps samples in order";

/** Fields of the exporter. */
export const fields = {
  endpoint: httpEndpoint("The URL that takes remote write, such as http://prometheus:9090/api/v1/write."),
  protobuf_message: choice(
    "The version: prometheus.WriteRequest is 1, io.prometheus.write.v2.Request is 2.",
    ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"],
    "prometheus.WriteRequest",
  ),
  ...translationFields,
  external_labels: fixedLabels("Labels for every series that has none of that name."),
  target_info: group("The series that says what a resource is.", {
    enabled: flag("Whether it is sent.", true),
  }),
  disable_scope_info: flag("Leave out the labels otel_scope_*.", false),
  send_metadata: flag("Send type, help and unit in version 1; version 2 always has them.", false),
  max_batch_size_bytes: integer("About how large a request may be before compression.", 3_000_000, { min: 1 }),
  max_batch_request_parallelism: idleKey("Requests of one batch at a time.", "they go out one after another, in order"),
  remote_write_queue: optional(
    group("The Collector's queue in front of the exporter.", {
      enabled: idleKey("Whether there is one.", QUEUE),
      queue_size: idleKey("Its size in requests.", QUEUE),
      num_consumers: idleKey("Requests at a time.", QUEUE),
    }),
  ),
  wal: idleKey("The Collector's write-ahead log for this exporter.", "Rondo's log is one"),
  convert_explicit_histograms_to_nhcb: refusedFlag(
    "Send native histograms.",
    "remove the key; histograms are sent as buckets",
  ),
  http: refusedKey("The connection's keys in a block of their own.", "write them beside endpoint"),
  compression: choice("Remote write knows one.", ["snappy"], "snappy"),
  timeout: duration("How long one try may take, with all requests of a batch. 0 is no bound.", "5s"),
  retry_on_failure: retryOnFailureFrom("50ms"),
  ...connectionFields,
};

/** What the fields parse to. */
export type RemoteWriteValues = ValuesOf<typeof fields>;

/** A URL is needed, and labels need names. */
export function check(values: RemoteWriteValues, place: Place): void {
  if (values.endpoint === null)
    place.at("endpoint").problem("is required, such as http://prometheus:9090/api/v1/write");
  checkLabels(values.external_labels, place.at("external_labels"));
}
