/** Every reason for which Rondo lets go of items on purpose. A reason that is not a row here cannot be counted. */

/** What each reason means, and what an operator can do about it. */
export const DROP_REASONS = {
  backend_rejected: "The backend refused the items for good; its answer is in the log.",
  invalid_item: "The item breaks the OTLP specification in a way that no backend accepts.",
  item_too_large: "A single item is larger than a record may be.",
  unexplained: "Items vanished in a component without a reason: a bug, alerted by default.",
} as const;

/** One of the reasons above. */
export type DropReason = keyof typeof DROP_REASONS;
