/** Every reason for which Rondo lets go of items on purpose. A reason that is not a row here cannot be counted. */

/** What each reason means, and what an operator can do about it. */
export const DROP_REASONS = {
  backlog_dropped:
    "The exporter or pipeline was removed, and what it had not read was let go on request: --drop-backlog.",
  backend_rejected: "The backend refused the items for good; its answer is in the log.",
  delta_temporality:
    "The backend has cumulative values only, and the metric is of delta or unspecified temporality; let the SDK send cumulative ones.",
  duplicate_sample:
    "Another item of the same request gave the same series another value at the same time; that one was kept.",
  invalid_item: "The item breaks the OTLP specification in a way that no backend accepts.",
  item_too_large: "A single item is larger than a record may be.",
  older_start:
    "The delta begins before its cumulative stream did: an earlier run of its source, or two sources of the same series.",
  out_of_order:
    "The delta is not newer than the newest one of its cumulative stream: sent twice, or by two sources of the same series.",
  processor_failed:
    "A processor failed on the record, twice. The record was set aside as it came; its dead letter says which processor, and how.",
  series_limit: "The exporter keeps as many series as it may, and the item would be of another one.",
  unreadable_record:
    "The log holds a record that cannot be read: damaged, of another layout, or by somebody else. It was set aside as it stands.",
  stream_limit: "The processor keeps as many streams of the tenant as it may, and the item would begin another one.",
  unsupported: "The item is of a kind that this exporter does not send, such as an exponential histogram.",
  unexplained: "Items vanished in a component without a reason: a bug, alerted by default.",
} as const;

/** One of the reasons above. */
export type DropReason = keyof typeof DROP_REASONS;
