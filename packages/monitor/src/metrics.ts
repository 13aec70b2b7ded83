/** Every metric that Rondo exposes of itself, in one table: type, labels, unit and what it tells. Nothing else can be counted. */

/** One row: how a metric is named, labelled and read. */
export interface MetricSpec {
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly doc: string;
  /** The base unit, which is then also the end of the name (before `_total`), as OpenMetrics asks. */
  readonly unit?: "bytes" | "seconds" | "records" | "items";
  /** Upper bounds of a histogram's buckets, ascending, without +Inf. */
  readonly buckets?: readonly number[];
}

/** Receivers stand outside the pipelines: what one accepts may feed several, and enters each. */
const RECEIVER_ROW = ["signal", "tenant", "component"] as const;
const ROW = ["signal", "tenant", "pipeline", "component"] as const;
/** A group of rules: its tenant, its file and its name. */
const RULE_GROUP = ["tenant", "file", "group"] as const;
/** From what a durable answer takes on one machine to the longest timeout that exporters have by default. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/**
 * The table. The account (rules of the log 6) has two kinds of row: a pipeline's, whose `component` is the empty string, and
 * an exporter's, whose `component` is the exporter's id. Only `dropped` names a component on a pipeline's row too: the
 * processor that let go, or `pipeline` when it was no processor. Items are spans, data points or log records.
 */
export const METRICS = {
  rondo_items_accepted_total: {
    type: "counter",
    labels: RECEIVER_ROW,
    doc: "Items that a receiver acknowledged after they were durable. component is the receiver's id.",
  },
  rondo_items_refused_total: {
    type: "counter",
    labels: [...RECEIVER_ROW, "reason"],
    doc: "Items that a receiver answered with a refusal; the client still has them. component is the receiver's id, reason what was wrong with an item, or the code of the fault that a whole request was answered with.",
  },
  rondo_items_entered_total: {
    type: "counter",
    labels: ROW,
    doc: "Items read by a pipeline from the raw topic, or by an exporter from the enriched topic, each counted once.",
  },
  rondo_items_created_total: {
    type: "counter",
    labels: ROW,
    doc: "Items that a pipeline made itself, such as alerts, recordings and derived series.",
  },
  rondo_items_forwarded_total: {
    type: "counter",
    labels: ROW,
    doc: "Items that a pipeline appended to its enriched topic.",
  },
  rondo_items_delivered_total: {
    type: "counter",
    labels: ROW,
    doc: "Items that an exporter's backend acknowledged.",
  },
  rondo_items_dead_lettered_total: {
    type: "counter",
    labels: ROW,
    doc: "Items set aside in a dead-letter topic: by an exporter what its backend refuses, by a pipeline what it cannot read.",
  },
  rondo_items_dropped_total: {
    type: "counter",
    labels: [...ROW, "reason"],
    doc: "Items let go for good. component is the processor or exporter, reason a row of the table of drop reasons.",
  },
  rondo_items_redelivered_total: {
    type: "counter",
    labels: ROW,
    doc: "Delivered items that the backend may have seen before, because an answer was lost: an upper bound.",
  },
  rondo_items_in_flight: {
    type: "gauge",
    labels: ROW,
    doc: "Items that were read and are not settled yet, summed from the records themselves.",
  },
  rondo_requests_total: {
    type: "counter",
    labels: ["component", "protocol", "outcome"],
    doc: "Requests that a receiver answered, by what the answer was.",
  },
  rondo_request_duration_seconds: {
    type: "histogram",
    labels: ["component", "protocol"],
    unit: "seconds",
    doc: "Time from a request's last byte to its answer, which includes making it durable.",
    buckets: SECONDS,
  },
  rondo_gateway_in_flight_bytes: {
    type: "gauge",
    labels: ["component"],
    unit: "bytes",
    doc: "Bytes of requests admitted by a receiver and not answered yet, after decompression.",
  },
  rondo_tls_handshake_failures_total: {
    type: "counter",
    labels: ["component", "protocol"],
    doc: "Connections to a receiver that ended in their TLS handshake: no common version or suite, or no good client certificate.",
  },
  rondo_metadata_refusals_total: {
    type: "counter",
    labels: ["component", "reason"],
    doc: "Requests that a receiver refused for their client metadata: too_large, or too_many_combinations of values, which later may cure.",
  },
  rondo_file_reloads_total: {
    type: "counter",
    labels: ["component", "outcome"],
    doc: "Changes of a receiver's certificates or an extension's tokens and passwords: ok, or failed, when the old ones stay in use.",
  },
  rondo_gateway_credit_bytes: {
    type: "gauge",
    labels: ["component"],
    unit: "bytes",
    doc: "Bytes that a receiver's admission account still grants.",
  },
  rondo_log_lag_records: {
    type: "gauge",
    labels: ["signal", "pipeline", "component"],
    unit: "records",
    doc: "Records in the log that a group has not read: a pipeline's (component is empty) or an exporter's.",
  },
  rondo_log_lag_items: {
    type: "gauge",
    labels: ["signal", "pipeline", "component", "exact"],
    unit: "items",
    doc: "Items in those records. exact is true where they were counted, false where some are estimated from the records looked at.",
  },
  rondo_log_lag_seconds: {
    type: "gauge",
    labels: ["signal", "pipeline", "component"],
    unit: "seconds",
    doc: "Age of the oldest record that a group has not settled, by the broker's clock, over all partitions; 0 when all are.",
  },
  rondo_log_partition_lag_records: {
    type: "gauge",
    labels: ["signal", "pipeline", "component", "partition"],
    unit: "records",
    doc: "Records of one partition that a group has not read.",
  },
  rondo_log_partition_lag_seconds: {
    type: "gauge",
    labels: ["signal", "pipeline", "component", "partition"],
    unit: "seconds",
    doc: "Age of the oldest record of one partition that a group has not settled.",
  },
  rondo_log_appended_records_total: {
    type: "counter",
    labels: ["topic"],
    unit: "records",
    doc: "Records that became durable in a topic of the embedded log.",
  },
  rondo_log_append_bytes_total: {
    type: "counter",
    labels: ["topic"],
    unit: "bytes",
    doc: "Bytes that became durable in a topic of the embedded log, framing included.",
  },
  rondo_log_fsyncs_total: {
    type: "counter",
    labels: [],
    doc: "Syncs of the embedded log's files; one sync makes every append waiting for it durable.",
  },
  rondo_log_size_bytes: {
    type: "gauge",
    labels: [],
    unit: "bytes",
    doc: "Bytes of segment files that the embedded log keeps, over all topics.",
  },
  rondo_log_lost_records_total: {
    type: "counter",
    labels: ["group", "topic"],
    unit: "records",
    doc: "Records that retention removed before a group had read them, met by its readers since the start; the log names each run.",
  },
  rondo_log_corrupt_total: {
    type: "counter",
    labels: [],
    doc: "Places of the embedded log that were found damaged since the start, or batches of Kafka that could not be read; the log names each.",
  },
  rondo_exporter_requests_total: {
    type: "counter",
    labels: ["signal", "pipeline", "component", "outcome"],
    doc: "Single tries of an exporter, by outcome: settled, retry, or the code of a fault.",
  },
  rondo_exporter_retries_total: {
    type: "counter",
    labels: ["signal", "pipeline", "component"],
    doc: "Tries that an exporter repeated after a failure that later may cure.",
  },
  rondo_exporter_request_duration_seconds: {
    type: "histogram",
    labels: ["signal", "pipeline", "component"],
    unit: "seconds",
    doc: "Time of a single try of an exporter.",
    buckets: SECONDS,
  },
  rondo_exporter_sent_bytes_total: {
    type: "counter",
    labels: ["signal", "pipeline", "component"],
    unit: "bytes",
    doc: "Bytes of requests before compression that an exporter handed to its backend, repeats included.",
  },
  rondo_kept_entries: {
    type: "gauge",
    labels: ["signal", "pipeline", "component"],
    doc: "Entries, such as streams, that a processor keeps for the partitions of this process.",
  },
  rondo_checkpoint_size_bytes: {
    type: "gauge",
    labels: ["signal", "pipeline", "component"],
    unit: "bytes",
    doc: "Bytes of a processor's newest checkpoints, over the partitions of this process.",
  },
  rondo_checkpoint_age_seconds: {
    type: "gauge",
    labels: ["signal", "pipeline"],
    unit: "seconds",
    doc: "For how long records have been processed that no checkpoint knows: of what a restart would run again, on the worst partition.",
  },
  rondo_checkpoints_lost_total: {
    type: "counter",
    labels: ["signal", "pipeline", "component"],
    doc: "Times that a processor began anew on a partition because no checkpoint of it could be read; the log says why.",
  },
  rondo_windows_samples_total: {
    type: "counter",
    labels: ["tenant", "outcome"],
    doc: "Samples that the windows' writer met: kept, unread (no rule reads the series), too_old or too_new to be of use; malformed counts records.",
  },
  rondo_windows_written_bytes_total: {
    type: "counter",
    labels: [],
    unit: "bytes",
    doc: "Bytes that were appended to windows.",
  },
  rondo_windows_refills_total: {
    type: "counter",
    labels: [],
    doc: "Times that a partition's windows were filled from the log: they were lost, or other series are kept than before.",
  },
  rondo_windows_behind_seconds: {
    type: "gauge",
    labels: ["partition"],
    unit: "seconds",
    doc: "How far the windows of a partition are behind the present.",
  },
  rondo_rule_evaluations_total: {
    type: "counter",
    labels: RULE_GROUP,
    doc: "Evaluations of alerting rules, those that failed included.",
  },
  rondo_rule_evaluation_failures_total: {
    type: "counter",
    labels: RULE_GROUP,
    doc: "Evaluations of rules that failed; the rule's alerts stayed as they were.",
  },
  rondo_rule_group_missed_total: {
    type: "counter",
    labels: RULE_GROUP,
    doc: "Evaluations of groups that were left out because their time was too long ago when their turn came.",
  },
  rondo_rule_group_held_total: {
    type: "counter",
    labels: RULE_GROUP,
    doc: "Evaluations of groups that were not made because the windows, the leases or the state were not to be trusted.",
  },
  rondo_rule_group_degraded: {
    type: "gauge",
    labels: RULE_GROUP,
    doc: "1 while a group's alerts are held as they are because its last evaluation could not be made.",
  },
  rondo_rule_group_duration_seconds: {
    type: "histogram",
    labels: RULE_GROUP,
    unit: "seconds",
    doc: "Time of one evaluation of a group's rules, without the wait for the windows.",
    buckets: SECONDS,
  },
  rondo_rule_group_owned: {
    type: "gauge",
    labels: RULE_GROUP,
    doc: "1 while this process evaluates a group.",
  },
  rondo_alerts: {
    type: "gauge",
    labels: [...RULE_GROUP, "state"],
    doc: "Alerts of the groups that this process evaluates, by state: pending or firing.",
  },
  rondo_notifications_total: {
    type: "counter",
    labels: ["alertmanager", "outcome"],
    doc: "Alerts for an Alertmanager: sent, failed without an answer, dropped, or withheld because they no longer held.",
  },
  rondo_notifications_waiting: {
    type: "gauge",
    labels: ["alertmanager"],
    doc: "Alerts that wait to be sent to an Alertmanager.",
  },
  rondo_ready: {
    type: "gauge",
    labels: ["condition"],
    doc: "1 while a condition of readiness holds, 0 while it does not; the health page says why.",
  },
  rondo_metrics_overflow_total: {
    type: "counter",
    labels: ["metric"],
    doc: "Times that a metric was asked for a label set beyond its bound; such sets share one series of `_overflow` values.",
  },
  rondo_scrape_errors_total: {
    type: "counter",
    labels: [],
    doc: "Parts that a page of metrics was made without: a source that failed, which is a bug, or a thread that did not answer.",
  },
  rondo_build_info: {
    type: "gauge",
    labels: ["version", "node"],
    doc: "Always 1; its labels say what runs.",
  },
  rondo_process_anonymous_memory_bytes: {
    type: "gauge",
    labels: [],
    unit: "bytes",
    doc: "Resident memory that no file backs: what memory limits are compared with.",
  },
  process_cpu_seconds_total: {
    type: "counter",
    labels: [],
    unit: "seconds",
    doc: "User and system processor time of all threads.",
  },
  process_resident_memory_bytes: {
    type: "gauge",
    labels: [],
    unit: "bytes",
    doc: "Resident memory, pages of files included.",
  },
  process_start_time_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    doc: "When the process started, in seconds since the Unix epoch.",
  },
  process_open_fds: {
    type: "gauge",
    labels: [],
    doc: "Open file descriptors; absent where the system does not tell.",
  },
  nodejs_heap_used_bytes: {
    type: "gauge",
    labels: [],
    unit: "bytes",
    doc: "JavaScript heap in use.",
  },
  nodejs_external_memory_bytes: {
    type: "gauge",
    labels: [],
    unit: "bytes",
    doc: "Memory of buffers outside the JavaScript heap.",
  },
  nodejs_eventloop_delay_p99_seconds: {
    type: "gauge",
    labels: [],
    unit: "seconds",
    doc: "99th percentile, over the last 5 s or since the last scrape, of how late the event loop ran a timer.",
  },
  nodejs_eventloop_utilization: {
    type: "gauge",
    labels: [],
    doc: "Share of time, over the last 5 s or since the last scrape, in which the event loop was busy; 1 is a full core.",
  },
} as const satisfies Readonly<Record<string, MetricSpec>>;

type Table = typeof METRICS;

/** The name of a metric of the table. */
export type MetricName = keyof Table;

/** The table again, by type: counting with a gauge, or a label that a row does not have, does not compile. */
type NameOf<T extends MetricSpec["type"]> = {
  [N in MetricName]: Table[N]["type"] extends T ? N : never;
}[MetricName];

/** Names of counters. */
export type CounterName = NameOf<"counter">;
/** Names of gauges. */
export type GaugeName = NameOf<"gauge">;
/** Names of histograms. */
export type HistogramName = NameOf<"histogram">;

/** Exactly the labels that the table gives a metric; a metric without labels takes `{}`. */
export type LabelsOf<N extends MetricName> = [Table[N]["labels"][number]] extends [never]
  ? Readonly<Record<string, never>>
  : { readonly [L in Table[N]["labels"][number]]: string };
