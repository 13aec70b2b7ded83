/** The keys of `loki`: those of `otlphttp` as far as they concern logs, so that one configuration can become the other. */
import { duration, idleKey, type Place, type ValuesOf } from "@rondo/core";
import { connectionFields } from "../http/connection-fields.ts";
import { httpEndpoint } from "../http/http-endpoint.ts";
import { compression, retryOnFailure, sendingQueue } from "../sending-fields.ts";
import { namesPushApi } from "./endpoint.ts";

/** Fields of the exporter. */
export const fields = {
  endpoint: httpEndpoint("Loki's URL, such as http://loki:3100; /otlp/v1/logs is appended as far as it is not there."),
  compression: compression(["gzip"]),
  timeout: duration("How long one try may take. 0 is no bound.", "30s"),
  retry_on_failure: retryOnFailure,
  sending_queue: sendingQueue,
  default_labels_enabled: idleKey(
    "The labels that the Collector's former exporter added.",
    "Loki makes labels of resource attributes itself; see otlp_config in its limits_config",
  ),
  ...connectionFields,
};

/** What the fields parse to. */
export type LokiValues = ValuesOf<typeof fields>;

/** A URL is needed, and Loki's older API is no place for OTLP. */
export function check({ endpoint }: LokiValues, place: Place): void {
  if (endpoint === null) place.at("endpoint").problem("is required, such as http://loki:3100");
  else if (namesPushApi(endpoint))
    place
      .at("endpoint")
      .problem("is Loki's push API, which does not take OTLP; leave /loki/api/v1/push away, as in http://loki:3100");
}
