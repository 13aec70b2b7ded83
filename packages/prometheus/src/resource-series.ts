/** One resource: its identity, its `target_info`, and its scopes by their bytes. */
import { Cursor, RESOURCE_ATTRIBUTES } from "@rondo/otlp";
import type { Labels } from "@rondo/promql";
import { attributesOf } from "./attributes.ts";
import { LabelSet } from "./label-set.ts";
import { resourceLabels } from "./resource-labels.ts";
import { ScopeSeries, type ScopeSurroundings } from "./scope-series.ts";
import type { Family, Series } from "./series.ts";
import type { SeriesMemory } from "./series-memory.ts";
import { DEFAULT_STRATEGY } from "./strategy.ts";
import type { TranslatorOptions } from "./translator.ts";

/** A resource as it was met. */
export class ResourceSeries {
  /** Says what the resource is, with the value 1; absent when it has nothing to say or nobody to say it of. */
  readonly targetInfo: Series | undefined;
  readonly #around: ScopeSurroundings;
  readonly #scopeSchema: boolean;
  readonly #scopes = new Map<string, ScopeSeries>();

  /** `resource` is the Resource message. */
  constructor(resource: Uint8Array, options: TranslatorOptions, memory: SeriesMemory) {
    const {
      namespace = "",
      strategy = DEFAULT_STRATEGY,
      externalLabels = [],
      scopeInfo = true,
      scopeSchema = false,
    } = options;
    const attributes = attributesOf(new Cursor(resource), RESOURCE_ATTRIBUTES);
    const { job, instance, rest } = resourceLabels(attributes);
    const identity: Labels = [
      ...(instance === undefined ? [] : [["instance", instance] as const]),
      ...(job === undefined ? [] : [["job", job] as const]),
    ];
    const carried = attributes.filter(([key]) => options.resourceLabels?.(key) === true);
    this.#around = { naming: { namespace, strategy }, memory, carried, identity, externalLabels, scopeInfo };
    this.#scopeSchema = scopeSchema;
    // With nothing beyond the identity, job and instance say it all; without an identity nothing could be joined to it.
    if (options.targetInfo === false || rest.length === 0 || identity.length === 0) return;
    const labels = new LabelSet().addAttributes(rest, strategy);
    for (const [name, value] of identity) labels.set(name, value);
    const family = targetInfoFamily(namespace);
    this.targetInfo = memory.series(labels.fill(externalLabels).set("__name__", family.name).labels(), family);
  }

  /** The scope with this InstrumentationScope message and schema. */
  scope(scope: Uint8Array, schema: string): ScopeSeries {
    const schemaUrl = this.#scopeSchema ? schema : "";
    const key = `${schemaUrl.length}:${schemaUrl}${latin1(scope)}`;
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const made = new ScopeSeries(scope, schemaUrl, this.#around);
    this.#scopes.set(key, made);
    this.#around.memory.note();
    return made;
  }
}

/** Bytes as text of the same length: equal texts are equal bytes. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The namespace stands before it as before every name. */
function targetInfoFamily(namespace: string): Family {
  const name = namespace === "" ? "target_info" : `${namespace}_target_info`;
  return { name, kind: "info", unit: "", help: "Target metadata" };
}
