/** Labels as sorted pairs: how they are made, read, compared and written. */
import type { Labels } from "./queryable.ts";

/** The label that holds the metric's name. */
export const METRIC_NAME = "__name__";

/** Separates names and values in keys. Text decoded from UTF-8 never holds a lone surrogate, so no two label sets share a key. */
const SEPARATOR = "\ud800";

/** Labels from names and values in any order; empty values are left out. A name that comes twice keeps its last value. */
export function labelsOf(entries: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): Labels {
  const pairs: Iterable<readonly [string, string]> =
    Symbol.iterator in entries ? (entries as Iterable<readonly [string, string]>) : Object.entries(entries);
  return [...new Map(pairs)].filter(([, value]) => value !== "").sort(([a], [b]) => compareText(a, b));
}

/** A text that is equal exactly for equal labels: the identity of a series. Not for display. */
export function labelsKey(labels: Labels): string {
  let key = "";
  for (const [name, value] of labels) key += name + SEPARATOR + value + SEPARATOR;
  return key;
}

/** The value of a label, empty when it is absent. */
export function labelValue(labels: Labels, name: string): string {
  for (const pair of labels) if (pair[0] === name) return pair[1];
  return "";
}

/** The labels without those named. */
export function withoutLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return labels.filter(([name]) => !names.has(name));
}

/** The labels that are named, and no others. */
export function onlyLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return labels.filter(([name]) => names.has(name));
}

/** The labels with one set to a value, or without it when the value is empty. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const others = labels.filter(([other]) => other !== name);
  if (value === "") return others;
  const at = others.findIndex(([other]) => compareText(other, name) > 0);
  others.splice(at < 0 ? others.length : at, 0, [name, value]);
  return others;
}

/** Orders labels as Prometheus sorts results: pair by pair, then the shorter first. Negative, zero or positive. */
export function compareLabels(a: Labels, b: Labels): number {
  for (let at = 0; ; at++) {
    const left = a[at];
    const right = b[at];
    if (left === undefined || right === undefined) return a.length - b.length;
    const order = compareText(left[0], right[0]) || compareText(left[1], right[1]);
    if (order !== 0) return order;
  }
}

/** Orders text by its UTF-16 units. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
