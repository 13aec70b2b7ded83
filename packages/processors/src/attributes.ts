/** `attributes`: edits the attributes of every span, data point and log record, on the wire. */
import { defineProcessor, type Field, type FieldDoc } from "@rondo/core";
import { compileEdits, editItems, SIGNALS } from "@rondo/otlp";
import { actions } from "./attribute-action.ts";

/** A filter that is refused by name: to act on everything instead of some would be worse than not to start. */
function notBuilt(doc: string): Field<null> {
  const docs: FieldDoc = { type: "map", doc: `${doc} Not built yet: refused.`, required: false };
  return {
    docs,
    read(raw, place) {
      if (raw === undefined || raw === null) return null;
      place.problem("is known but not built yet; remove it, or split the pipeline by receiver");
      return undefined;
    },
  };
}

/** The Collector's attributes processor. State none: the output is a pure function of the record. */
export const attributes = defineProcessor({
  type: "attributes",
  summary: "Inserts, updates, deletes, hashes, extracts and converts attributes of spans, data points and log records.",
  signals: SIGNALS,
  state: "none",
  drops: [],
  fields: {
    actions: actions("Edits in order; each sees what the ones before it did."),
    include: notBuilt("Only items that match are edited."),
    exclude: notBuilt("Items that match are left alone."),
  },
  create({ actions }) {
    const program = compileEdits(actions);
    return {
      process: ({ signal, items, body }) => ({ parts: [{ items, body: editItems(signal, body, program) }] }),
    };
  },
});
