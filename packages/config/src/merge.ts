/** Puts one configuration over another, as several `--config` do in the Collector: maps merge, everything else is replaced. */
import type { ConfigNode } from "./tree.ts";

/**
 * The tree in which `over` wins. Maps merge key by key at any depth; a list, a scalar and an explicit nothing replace what was
 * there, whatever its kind (Collector: confmap, `Conf.Merge`). Keys keep the order in which they first appeared.
 */
export function mergeNodes(base: ConfigNode, over: ConfigNode): ConfigNode {
  if (base.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map(base.entries);
  for (const [key, node] of over.entries) {
    const before = entries.get(key);
    entries.set(key, before === undefined ? node : mergeNodes(before, node));
  }
  return { kind: "map", entries, mark: base.mark };
}
