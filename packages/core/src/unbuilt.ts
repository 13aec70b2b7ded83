/** Keys of the Collector that this build knows and does not honour: named at load, never ignored in silence. */
import { type Field, field } from "./field.ts";

const ABSENT = { value: null, text: "none" };

/** A key without which data would go another way, or less protected, than its author meant: a value is refused. */
export function refusedKey(doc: string, wayOut: string): Field<null> {
  return field<null>(
    "not built yet",
    doc,
    (_, place) => {
      place.problem(`is not built yet; ${wayOut}`);
      return undefined;
    },
    ABSENT,
  );
}

/** A key whose absence does no harm: a value is warned about and has no effect. */
export function idleKey(doc: string, consequence: string): Field<null> {
  return field<null>(
    "no effect",
    doc,
    (_, place) => {
      place.warn(`has no effect: ${consequence}`);
      return null;
    },
    ABSENT,
  );
}

/** A switch that cannot be turned on, though it may be written down as off. */
export function refusedFlag(doc: string, wayOut: string): Field<false> {
  return field<false>(
    "false",
    doc,
    (raw, place) => {
      if (raw === false || raw === "false") return false;
      place.problem(`is not built yet; ${wayOut}`);
      return undefined;
    },
    { value: false },
  );
}
