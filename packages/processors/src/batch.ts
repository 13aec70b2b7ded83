/**
 * `batch`: how many items go into one request to a backend. Here it only cuts what is too large, because the log holds what
 * waits; the waiting is done in front of each exporter, before its offset settles (rules of the log 3 and 5).
 */
import {
  type Accumulation,
  defineProcessor,
  duration,
  integer,
  list,
  META_COMBINATIONS,
  text,
  type ValuesOf,
} from "@rondo/core";
import { CARRIED, repeatedBytes, type Signal, splitRequest } from "@rondo/otlp";

/** Bytes that one request to a backend may have, whatever its items: below the 4 MiB that gRPC servers take by default. */
export const MAX_REQUEST_BYTES = 3_670_016;

/**
 * Most bytes that the pieces of one batch repeat of the resources, scopes and metrics around their items. A request of a megabyte with
 * half of it in one resource would be a gigabyte in pieces of a hundred of its smallest items.
 */
const MOST_REPEATED_BYTES = 32 << 20;

/** The Collector's sizes are unsigned 32-bit integers. */
const UINT32 = { max: 4_294_967_295 };

const fields = {
  timeout: duration("Longest wait for more items; 0 sends at once, whatever send_batch_size says.", "200ms"),
  send_batch_size: integer("Items that are sent without waiting any longer; 0 sends at once.", 8192, UINT32),
  send_batch_max_size: integer(
    "Most items in one request; larger batches are cut, but never so fine that the resources in the pieces of one take more than " +
      "32 MiB. 0 is no bound.",
    0,
    UINT32,
  ),
  metadata_keys: list(
    "Client metadata by whose values batches are kept apart; case does not matter. The receiver needs include_metadata.",
    text("A key."),
    [],
  ),
  metadata_cardinality_limit: integer(
    "Most combinations of metadata values that a tenant may have at a time; 0 is no bound. Requests with more are refused for now: " +
      "a combination that is idle for 5 min makes room.",
    META_COMBINATIONS,
    UINT32,
  ),
};

/** What `batch.fields` parses to. */
export type BatchValues = ValuesOf<typeof fields>;

/** The Collector's batch processor. State none: the output is a pure function of the record. */
export const batch = defineProcessor({
  type: "batch",
  summary:
    "Sets how items are joined into requests: exporters of the pipeline wait for send_batch_size items or the timeout before " +
    "they send, and acknowledge nothing meanwhile. The processor itself only cuts batches above send_batch_max_size. It does " +
    "nothing to profiles, whose requests are never joined or cut.",
  signals: CARRIED,
  state: "none",
  drops: [],
  fields,
  check(values, place) {
    const { send_batch_size: size, send_batch_max_size: most } = values;
    if (most > 0 && most < size) {
      place.at("send_batch_max_size").problem(`must be 0 or at least send_batch_size (${size}), but is ${most}`);
    }
    const keys = values.metadata_keys.map((key) => key.toLowerCase());
    for (const [index, key] of keys.entries()) {
      if (keys.indexOf(key) < index) place.at("metadata_keys").at(index).problem(`names ${key} a second time`);
    }
  },
  metadata({ metadata_keys: keys, metadata_cardinality_limit: combinations }) {
    const lower = keys.map((key) => key.toLowerCase());
    return { keys: lower, sent: true, ...(keys.length > 0 && { combinations }) };
  },
  create({ send_batch_max_size: maxItems }) {
    return {
      process({ signal, items, body }) {
        if (maxItems === 0 || items <= maxItems) return { parts: [{ items, body }] };
        return {
          parts: splitRequest(signal, body, { maxItems: itemsOfPiece(signal, items, body, maxItems), maxBytes: 0 }),
        };
      },
    };
  },
});

/** As many items as are asked for, or more where the pieces would repeat too much. */
function itemsOfPiece(signal: Signal, items: number, body: Uint8Array, asked: number): number {
  const pieces = Math.ceil(items / asked);
  if (pieces * body.length <= MOST_REPEATED_BYTES) return asked;
  const most = Math.max(1, Math.floor(MOST_REPEATED_BYTES / Math.max(1, repeatedBytes(signal, body))));
  return pieces <= most ? asked : Math.ceil(items / most);
}

/** How exporters behind a batch processor join what they send. `values` are what `batch.fields` parsed. */
export function accumulationOf(values: unknown): Accumulation {
  // A graph forgets the type of its values; whoever holds values of the type `batch` got them from the fields above.
  const { timeout, send_batch_size, send_batch_max_size } = values as BatchValues;
  return {
    minItems: timeout === 0 ? 0 : send_batch_size,
    maxItems: send_batch_max_size,
    maxBytes: MAX_REQUEST_BYTES,
    waitMs: timeout,
  };
}
