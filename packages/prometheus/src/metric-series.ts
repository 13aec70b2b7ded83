/** One OTLP metric of one scope: its name in Prometheus, and the series of its points by the bytes of their attributes. */
import type { Cursor } from "@rondo/otlp";
import { type Attribute, attributesOf } from "./attributes.ts";
import type { MetricHead } from "./metric-head.ts";
import type { ScopeSeries } from "./scope-series.ts";
import type { Series } from "./series.ts";

/** The series of one point: what a kind of point makes of it. */
export interface PointSeries {
  /** The series without a suffix of its own: of a number, or the `_count` of others. */
  readonly main: Series;
  sum?: Series;
  /** The series of buckets or quantiles, and the bounds or quantiles that they stand for. */
  parts?: readonly Series[];
  partsKey?: string;
}

/** A metric as it was met in one scope. */
export class MetricSeries {
  readonly head: MetricHead;
  readonly #scope: ScopeSeries;
  readonly #points = new Map<string, PointSeries>();

  constructor(head: MetricHead, scope: ScopeSeries) {
    this.head = head;
    this.#scope = scope;
  }

  /** The series of the point that `parent` stands on; `key` is that of its attributes, `suffix` that of its main series. */
  point(key: string, parent: Cursor, point: Cursor, suffix: string): PointSeries {
    const known = this.#points.get(key);
    if (known !== undefined) return known;
    const made: PointSeries = { main: this.series(parent, point, suffix) };
    this.#points.set(key, made);
    this.#scope.memory.note();
    return made;
  }

  /** A series of the point that `parent` stands on, with a suffix and possibly a label that only some of its series have. */
  series(parent: Cursor, point: Cursor, suffix: string, extra?: Attribute): Series {
    const { family, attributes } = this.head;
    const labels = this.#scope.labelsOf(attributesOf(point.enter(parent), attributes));
    labels.set("__name__", family.name + suffix);
    if (extra !== undefined) labels.set(...extra);
    return this.#scope.memory.series(labels.labels(), family);
  }
}
