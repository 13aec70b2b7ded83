/** `attributes`: edits the attributes of every span, data point and log record, on the wire. */
import { defineProcessor } from "@rondo/core";
import { editItems, SIGNALS } from "@rondo/otlp";
import { actions } from "./attribute-action.ts";
import { metadataOf, programOf } from "./client-value.ts";
import { itemMatch, whereOf } from "./item-match.ts";

/** The Collector's attributes processor. State none: the output is a pure function of the record. */
export const attributes = defineProcessor({
  type: "attributes",
  summary: "Inserts, updates, deletes, hashes, extracts and converts attributes of spans, data points and log records.",
  signals: SIGNALS,
  state: "none",
  drops: [],
  fields: {
    actions: actions("Edits in order; each sees what the ones before it did."),
    include: itemMatch("Only items that match are edited."),
    exclude: itemMatch("Items that match are left alone, included or not."),
  },
  metadata: ({ actions }) => metadataOf(actions),
  create({ actions, ...matches }, { id, signal }) {
    const program = programOf(actions);
    const where = whereOf(signal, matches, id);
    return {
      process: ({ items, body, meta }) => ({ parts: [{ items, body: editItems(signal, body, program(meta), where) }] }),
    };
  },
});
