/** A key whose value is the id of an extension. */
import { type Field, field } from "./field.ts";
import { parseComponentId } from "./id.ts";

/** The field of such a key; `example` is an id that could stand there. */
export function extensionId(doc: string, example: string): Field<string> {
  return field("text", doc, (raw, place) => {
    try {
      return parseComponentId(String(raw)).text;
    } catch {
      place.problem(`must be the id of an extension, such as ${example}`);
      return undefined;
    }
  });
}
