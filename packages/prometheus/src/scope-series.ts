/** One instrumentation scope of one resource: the labels that its series share, and its metrics by their bytes. */
import { Cursor, type MetricDataField, Wire } from "@rondo/otlp";
import type { Labels } from "@rondo/promql";
import { type Attribute, attributesOf } from "./attributes.ts";
import { LabelSet } from "./label-set.ts";
import { metricHead, type Naming, temporalityOf } from "./metric-head.ts";
import { MetricSeries } from "./metric-series.ts";
import type { SeriesMemory } from "./series-memory.ts";

/** InstrumentationScope.name, version and attributes. */
const SCOPE_FIELDS = { name: 1, version: 2, attributes: 3 } as const;

/** What a scope takes over from its resource. */
export interface ScopeSurroundings {
  readonly naming: Naming;
  readonly memory: SeriesMemory;
  /** Attributes of the resource that every series carries. */
  readonly carried: readonly Attribute[];
  /** `job` and `instance`. */
  readonly identity: Labels;
  readonly externalLabels: Labels;
  readonly scopeInfo: boolean;
}

/** A scope as it was met in one resource. */
export class ScopeSeries {
  readonly memory: SeriesMemory;
  readonly #around: ScopeSurroundings;
  readonly #scopeLabels: readonly Attribute[];
  readonly #metrics = new Map<string, MetricSeries>();

  /** `scope` is the InstrumentationScope message. */
  constructor(scope: Uint8Array, schemaUrl: string, around: ScopeSurroundings) {
    this.memory = around.memory;
    this.#around = around;
    this.#scopeLabels = around.scopeInfo ? scopeLabels(scope, schemaUrl, around.naming) : [];
  }

  /**
   * The metric that `parent` stands on, whose data field is the current one of `metric`. Everything of it but that field is
   * its key, with what the field says beside its points.
   */
  metric(parent: Cursor, metric: Cursor, data: Cursor, body: Buffer): MetricSeries {
    // The caller stands on a field that holds data, whose number is one of these.
    const field = metric.field as MetricDataField;
    const temporality = temporalityOf(data.enter(metric));
    const before = body.toString("latin1", parent.start, metric.at);
    const behind = metric.stop === parent.stop ? "" : body.toString("latin1", metric.stop, parent.stop);
    const key = `${field}:${temporality}:${before.length}:${before}${behind}`;
    const known = this.#metrics.get(key);
    if (known !== undefined) return known;
    const head = metricHead(data.enter(parent), field, temporality, this.#around.naming);
    const made = new MetricSeries(head, this);
    this.#metrics.set(key, made);
    this.memory.note();
    return made;
  }

  /** The labels of a point, without name: its attributes, those of its resource over them, and then what is not to be overridden. */
  labelsOf(attributes: readonly Attribute[]): LabelSet {
    const { carried, naming, identity, externalLabels } = this.#around;
    const all = carried.length === 0 ? attributes : new Map([...attributes, ...carried]);
    const labels = new LabelSet().addAttributes(all, naming.strategy);
    for (const [name, value] of this.#scopeLabels) labels.set(name, value);
    for (const [name, value] of identity) labels.set(name, value);
    return labels.fill(externalLabels);
  }
}

/** `otel_scope_name`, `otel_scope_version`, `otel_scope_schema_url`, and `otel_scope_` before each attribute. */
function scopeLabels(scope: Uint8Array, schemaUrl: string, { strategy }: Naming): readonly Attribute[] {
  const labels = new LabelSet().addAttributes(
    attributesOf(new Cursor(scope), SCOPE_FIELDS.attributes),
    strategy,
    "otel_scope_",
  );
  const field = new Cursor(scope);
  while (field.next()) {
    if (field.is(SCOPE_FIELDS.name, Wire.bytes)) labels.set("otel_scope_name", field.text());
    else if (field.is(SCOPE_FIELDS.version, Wire.bytes)) labels.set("otel_scope_version", field.text());
  }
  return labels.set("otel_scope_schema_url", schemaUrl).labels();
}
