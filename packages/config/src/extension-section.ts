/** Reads `service.extensions`: what runs beside the pipelines, with defaults where the configuration forgot the block. */
import type { ComponentTypes } from "@rondo/core";
import { lookUp } from "./catalogue.ts";
import { type Component, parseId, readComponent } from "./component-section.ts";
import type { TreePlace } from "./findings.ts";
import { isNothing } from "./tree.ts";

/**
 * The extensions that the service names. One without a block under `extensions:` runs with defaults, and one warning names
 * them all; with `strict` each is the problem that it is in the Collector.
 */
export function readServiceExtensions(
  root: TreePlace,
  extensions: ReadonlyMap<string, Component>,
  { types, strict }: { readonly types: ComponentTypes; readonly strict: boolean },
): readonly Component[] {
  const place = root.down("service", "extensions");
  const { node } = place;
  if (node === undefined || isNothing(node)) return [];
  if (node.kind !== "list") {
    place.problem("must be a list, such as extensions: [health_check]");
    return [];
  }
  const found = new Map<string, Component>();
  const withoutBlock: string[] = [];
  for (const [index, item] of node.items.entries()) {
    const at = place.at(index);
    const id = item.kind === "scalar" && typeof item.value === "string" ? parseId(item.value, at) : undefined;
    if (id === undefined) {
      if (item.kind !== "scalar" || typeof item.value !== "string") at.problem("must be the id of an extension");
      continue;
    }
    if (found.has(id.text)) {
      at.warn(`names extension "${id.text}" a second time, which changes nothing`);
      continue;
    }
    // Configured, wrongly or rightly: what is wrong was said where it is configured.
    const configured = extensions.get(id.text);
    if (configured !== undefined) {
      found.set(id.text, configured);
      continue;
    }
    const known = lookUp(types, "extensions", id.type);
    if (strict || known.status === "unknown") {
      const advice =
        known.status === "unknown" ? `; its type is unknown${known.advice}` : `; add extensions: {${id.text}: {}}`;
      // The path is the list's, as in the Collector's own words.
      place.problem(`references extension "${id.text}" which is not configured${advice}`);
      continue;
    }
    withoutBlock.push(id.text);
    found.set(id.text, readComponent(root.down("extensions", id.text), id.text, "extensions", types));
  }
  if (withoutBlock.length > 0) {
    const blocks = withoutBlock.map((id) => `${id}: {}`).join(", ");
    place.warn(
      `references ${withoutBlock.join(", ")}, for which there is no block under extensions:. Rondo goes on with their defaults; the ` +
        `Collector refuses to start; add extensions: {${blocks}}`,
    );
  }
  return [...found.values()];
}
