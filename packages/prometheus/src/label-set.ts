/** Labels in the making: attributes first, then what overrides them, then what only fills gaps. */
import type { Labels } from "@rondo/promql";
import type { Attribute } from "./attributes.ts";
import { labelName } from "./label-name.ts";
import type { TranslationStrategy } from "./strategy.ts";

/** The labels of one series while they are collected. */
export class LabelSet {
  readonly #values = new Map<string, string>();

  /**
   * Adds attributes under their label names. Keys that become the same name are joined with `;`, in the order of the keys
   * (OpenTelemetry, "Prometheus and OpenMetrics Compatibility"). What was there before is overridden.
   */
  addAttributes(attributes: Iterable<Attribute>, strategy: TranslationStrategy, prefix = ""): this {
    const joined = new Map<string, string>();
    for (const [key, value] of [...attributes].sort(byKey)) {
      const name = labelName(prefix + key, strategy);
      if (name === undefined) continue;
      const before = joined.get(name);
      joined.set(name, before === undefined ? value : `${before};${value}`);
    }
    for (const [name, value] of joined) this.#values.set(name, value);
    return this;
  }

  /** Sets a label, whatever was there. */
  set(name: string, value: string): this {
    this.#values.set(name, value);
    return this;
  }

  /** Sets a label unless an attribute has its name. */
  fill(labels: Labels): this {
    for (const [name, value] of labels) if (!this.#values.has(name)) this.#values.set(name, value);
    return this;
  }

  /** What was collected, sorted; an empty value is the same as no label. */
  labels(): Labels {
    return [...this.#values].filter(([, value]) => value !== "").sort(byKey);
  }
}

/** By code units, which for what is in names and keys is the order of their bytes. */
function byKey(a: Attribute, b: Attribute): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
