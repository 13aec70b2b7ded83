/** Keys of the Collector that this build knows and does not honour: named at load, never ignored in silence. */
import { type Field, field } from "@rondo/core";

/** A key that protects something: with a value the configuration is refused, because running without it would be less safe. */
export function refused(doc: string, wayOut: string): Field<null> {
  return field<null>(
    "not built yet",
    doc,
    (_, place) => {
      place.problem(`is not built yet, and leaving it out would be unsafe; ${wayOut}`);
      return undefined;
    },
    { value: null, text: "none" },
  );
}

/** A key whose absence does no harm: with a value it is warned about and left out. */
export function ignored(doc: string, consequence: string): Field<null> {
  return field<null>(
    "not built yet",
    doc,
    (raw, place) => {
      if (raw !== false && !isEmpty(raw)) place.warn(`is not built yet and has no effect: ${consequence}`);
      return null;
    },
    { value: null, text: "none" },
  );
}

const isEmpty = (raw: unknown) =>
  (raw instanceof Map && raw.size === 0) ||
  (typeof raw === "object" && raw !== null && !(raw instanceof Map) && Object.keys(raw).length === 0);
