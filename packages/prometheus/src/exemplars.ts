/** Exemplars: measurements that were recorded with a point, each given to the series that counts it. */
import { Cursor, Wire } from "@rondo/otlp";
import type { Labels } from "@rondo/promql";
import { attributesOf } from "./attributes.ts";
import type { Exemplar, Series, SeriesReader } from "./series.ts";

/*
 * Exemplar { fixed64 time_unix_nano = 2; oneof value { double as_double = 3; sfixed64 as_int = 6; } bytes span_id = 4;
 *            bytes trace_id = 5; repeated KeyValue filtered_attributes = 7; }
 */
const EXEMPLAR = { time: 2, double: 3, spanId: 4, traceId: 5, int: 6, attributes: 7 } as const;

/** Characters of all names and values together (OpenMetrics 1.0, "Exemplars"). */
const LABEL_CHARACTERS = 128;

/** Reads the exemplars of points of one body. */
export class Exemplars {
  readonly #exemplar: Cursor;
  readonly #attributes: Cursor;

  constructor(bytes: Uint8Array) {
    this.#exemplar = new Cursor(bytes);
    this.#attributes = new Cursor(bytes);
  }

  /** Gives each to the first of `series` whose bound is not below its value; the last has no bound. */
  give(point: Cursor, field: number, series: readonly Series[], bounds: readonly number[], reader: SeriesReader): void {
    while (point.next()) {
      if (!point.is(field, Wire.bytes)) continue;
      const exemplar = this.#read(point);
      const index = bounds.findIndex((bound) => exemplar.value <= bound);
      const target = series[index < 0 ? bounds.length : index];
      if (target !== undefined) reader.exemplar?.(target, exemplar);
    }
  }

  /** Ids come before attributes: when both are too long together, the attributes are left out, never an id. */
  #read(parent: Cursor): Exemplar {
    const exemplar = this.#exemplar.enter(parent);
    const ids: [string, string][] = [];
    let time = 0;
    let value = 0;
    while (exemplar.next()) {
      const { field, wire } = exemplar;
      if (field === EXEMPLAR.time && wire === Wire.fixed64) time = exemplar.fixed64Millis();
      else if (field === EXEMPLAR.double && wire === Wire.fixed64) value = exemplar.double();
      else if (field === EXEMPLAR.int && wire === Wire.fixed64) value = exemplar.sfixed64Number();
      else if (wire === Wire.bytes && field === EXEMPLAR.traceId) ids.push(["trace_id", hex(exemplar)]);
      else if (wire === Wire.bytes && field === EXEMPLAR.spanId) ids.push(["span_id", hex(exemplar)]);
    }
    const filtered = attributesOf(this.#attributes.enter(parent), EXEMPLAR.attributes);
    // An id of zeros is none.
    const named = ids.filter(([, id]) => /[^0]/.test(id));
    const all = [...named, ...filtered];
    const length = all.reduce((sum, [key, text]) => sum + [...key].length + [...text].length, 0);
    return { labels: sorted(length <= LABEL_CHARACTERS ? all : named), time, value };
  }
}

const hex = (cursor: Cursor): string => Buffer.from(cursor.slice()).toString("hex");

function sorted(labels: readonly (readonly [string, string])[]): Labels {
  return labels.filter(([, value]) => value !== "").toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
