/** Reads `broker:`: where batches are kept between a client's acknowledgement and the exporters'. */
import { duration, flag, group, integer, optional, readFields, text } from "@rondo/core";
import type { TreePlace } from "./findings.ts";
import type { BrokerSettings } from "./graph.ts";
import { checkKafka, kafkaFields, kafkaSettings, RETENTION_LEAST_MS } from "./kafka-section.ts";
import { docsAsGroup, rawValue } from "./raw-value.ts";
import { size } from "./size.ts";
import { isNothing } from "./tree.ts";

/** The fields of `broker:`. */
export const brokerFields = {
  embedded: group("The log on this machine, under --data. It is what runs when nothing is said.", {
    partitions: integer("Partitions of each topic: how many threads can work at once. Fixed when the log is made.", 4, {
      min: 1,
      max: 1024,
    }),
    retention: duration(
      "How long a record is kept at least, delivered or not; what is older is removed, delivered or not.",
      "72h",
    ),
    retention_bytes: optional(
      size(
        "Size of the log above which what every group has read is removed before it is that old; absent: only age removes anything.",
        undefined,
        { min: "2MiB", max: "1048576GiB", example: "20GiB" },
      ),
    ),
    segment_bytes: size("Size at which a file of the log is closed and a new one begun.", "64MiB", {
      min: "1MiB",
      max: "1GiB",
    }),
    sync: flag("Waits for the disk before a client is answered. false loses what a power cut finds in memory.", true),
  }),
  kafka: optional(kafkaFields),
  linger: duration(
    "How long the gateway waits to join requests into one record; more is fewer, larger records.",
    "10ms",
  ),
  default_tenant: text("Tenant of records that do not name one, such as those a Collector wrote.", "default"),
  default_receiver: text("Receiver that such records count as: the pipelines that have it read them.", "otlp"),
};

/** Core's `duration` has no bounds of its own. */
const LINGER_MOST_MS = 1_000;

/**
 * The settings of the broker, with defaults for what is absent; undefined after a problem. `receivers` are the ids of those that
 * run. Records of other writers name no receiver (rules of the log 1): a `default_receiver` that nobody has is worth a warning
 * where it was written, and not where it is the default.
 */
export function readBroker(place: TreePlace, receivers: readonly string[]): BrokerSettings | undefined {
  const raw = isNothing(place.node) ? undefined : rawValue(place.node, docsAsGroup(brokerFields));
  const values = readFields(brokerFields, raw, place);
  if (values === undefined) return undefined;
  const { embedded, kafka, linger, default_tenant: defaultTenant, default_receiver: defaultReceiver } = values;
  if (linger > LINGER_MOST_MS)
    place.at("linger").problem("must be at most 1s: a client waits for its answer that long");
  if (embedded.retention < RETENTION_LEAST_MS) place.down("embedded", "retention").problem("must be at least 1m");
  if (place.at("default_receiver").node !== undefined && !receivers.includes(defaultReceiver)) {
    place.at("default_receiver").warn("names no receiver of a pipeline, so no pipeline reads such records");
  }
  const { retention_bytes: retentionBytes, segment_bytes: segmentBytes } = embedded;
  if (retentionBytes !== null && retentionBytes < segmentBytes * 2) {
    place
      .down("embedded", "retention_bytes")
      .problem("must be at least twice segment_bytes: whole files are removed, and never the newest");
  }
  if (!embedded.sync) {
    place
      .down("embedded", "sync")
      .warn("is false: a power cut loses data that clients were told is safe; keep it for tests");
  }
  const common = { lingerMs: linger, defaultTenant, defaultReceiver };
  if (kafka !== null) {
    if (place.at("embedded").node !== undefined) {
      place.problem("has both embedded and kafka; keep the one where batches are to be");
    }
    checkKafka(place.at("kafka"), kafka);
    return { kind: "kafka", ...common, ...kafkaSettings(kafka) };
  }
  return {
    kind: "embedded",
    ...common,
    partitions: embedded.partitions,
    retentionMs: embedded.retention,
    ...(retentionBytes !== null && { retentionBytes }),
    segmentBytes,
    sync: embedded.sync,
  };
}
