/** `resource`: edits the attributes of every resource, on the wire. */
import { defineProcessor } from "@rondo/core";
import { editResources, SIGNALS } from "@rondo/otlp";
import { actions } from "./attribute-action.ts";
import { metadataOf, programOf } from "./client-value.ts";

/** The Collector's resource processor. State none: the output is a pure function of the record. */
export const resource = defineProcessor({
  type: "resource",
  summary: "Inserts, updates, deletes, hashes, extracts and converts attributes of the resource that items come from.",
  signals: SIGNALS,
  state: "none",
  drops: [],
  fields: { attributes: actions("Edits in order; each sees what the ones before it did.") },
  metadata: ({ attributes }) => metadataOf(attributes),
  create({ attributes }) {
    const program = programOf(attributes);
    return {
      process: ({ signal, items, body, meta }) => ({
        parts: [{ items, body: editResources(signal, body, program(meta)) }],
      }),
    };
  },
});
