/** Labels as Prometheus shows them in messages: `{a="b", c="d"}`. */
import { quote } from "./go-string.ts";
import { LABEL_NAME } from "./keywords.ts";
import type { Labels } from "./queryable.ts";

/** The labels in braces, names and values quoted as needed. */
export function formatLabels(labels: Labels): string {
  const pairs = labels.map(([name, value]) => `${LABEL_NAME.test(name) ? name : quote(name)}=${quote(value)}`);
  return `{${pairs.join(", ")}}`;
}
