/** How tests cut a request of logs. */
import { BATCH_LIMITS } from "./batcher.ts";
import type { CutTerms } from "./cut-request.ts";
import { ITEM_BYTES } from "./refused-items.ts";

/** Onto four partitions, with the product's bounds. */
export const TERMS: CutTerms = {
  signal: "logs",
  topic: "otlp_logs",
  tenant: "default",
  via: "otlp",
  partitions: 4,
  isDeep: false,
  recordBytes: BATCH_LIMITS.recordBytes,
  itemBytes: ITEM_BYTES,
};
