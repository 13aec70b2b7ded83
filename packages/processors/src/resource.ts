/** `resource`: edits the attributes of every resource, on the wire. */
import { defineProcessor } from "@rondo/core";
import { compileEdits, editResources, SIGNALS } from "@rondo/otlp";
import { actions } from "./attribute-action.ts";

/** The Collector's resource processor. State none: the output is a pure function of the record. */
export const resource = defineProcessor({
  type: "resource",
  summary: "Inserts, updates, deletes, hashes, extracts and converts attributes of the resource that items come from.",
  signals: SIGNALS,
  state: "none",
  drops: [],
  fields: { attributes: actions("Edits in order; each sees what the ones before it did.") },
  create({ attributes }) {
    const program = compileEdits(attributes);
    return {
      process: ({ signal, items, body }) => ({ parts: [{ items, body: editResources(signal, body, program) }] }),
    };
  },
});
