/** Reads `receivers:`, `processors:`, `exporters:`, `connectors:` and `extensions:`: every component in them, used or not. */
import { type ComponentTypes, Fault, nameOf, type PlannedType, parseComponentId, readFields } from "@rondo/core";
import { type BuiltType, lookUp, SECTIONS, type SectionName } from "./catalogue.ts";
import type { TreePlace } from "./findings.ts";
import { docsAsGroup, rawValue } from "./raw-value.ts";
import { readRenamedFrom, withoutRenamedFrom } from "./renamed-from.ts";
import { isNothing } from "./tree.ts";

/** A component as the configuration describes it. */
export type Component = {
  readonly id: string;
  readonly section: SectionName;
  readonly place: TreePlace;
} & (
  | { readonly status: "built"; readonly type: BuiltType; readonly values: unknown; readonly renamedFrom?: string }
  | { readonly status: "planned"; readonly type: PlannedType; readonly extent?: string }
  /** A problem was reported; a reference to it is no second one. */
  | { readonly status: "broken" }
);

/** A component that runs. */
export type BuiltComponent = Extract<Component, { status: "built" }>;

/** A component that this build knows by name only. */
export type PlannedComponent = Extract<Component, { status: "planned" }>;

/** Everything of one section by id. Problems in any component are reported whether or not a pipeline uses it, as upstream. */
export function readSection(root: TreePlace, section: SectionName, types: ComponentTypes): Map<string, Component> {
  const place = root.at(section);
  const components = new Map<string, Component>();
  if (place.node === undefined || isNothing(place.node)) return components;
  if (place.node.kind !== "map") {
    place.problem(`must be a map of ${section}, such as otlp: {}`);
    return components;
  }
  for (const key of place.node.entries.keys()) {
    const component = readComponent(place.at(key), key, section, types);
    if (components.has(component.id))
      place.at(key).problem(`duplicate name "${component.id}"; give one of them another`);
    else components.set(component.id, component);
  }
  return components;
}

/** Reads what stands at `place` as the component `written`; an absent node means all defaults. */
export function readComponent(
  place: TreePlace,
  written: string,
  section: SectionName,
  types: ComponentTypes,
): Component {
  const broken = { id: written, section, place, status: "broken" } as const;
  const id = parseId(written, place);
  if (id === undefined) return broken;
  const known = lookUp(types, section, id.type);
  const base = { id: id.text, section, place };
  if (known.status === "planned") {
    // Its fields are unknown here, but no component of the Collector takes anything else than a map.
    if (!isNothing(place.node) && place.node?.kind !== "map") {
      place.problem(`must be a map, but is ${nameOf(rawValue(place.node))}`);
      return { ...broken, id: id.text };
    }
    const extent = known.type.extent?.(rawValue(place.node));
    return { ...base, status: "planned", type: known.type, ...(extent !== undefined && { extent }) };
  }
  if (known.status === "unknown") {
    place.problem(`unknown type: "${id.type}" for id: "${id.text}"${known.advice}`);
    return { ...broken, id: id.text };
  }
  const { type } = known;
  const renamedFrom = section === "exporters" ? readRenamedFrom(place) : undefined;
  const node = section === "exporters" ? withoutRenamedFrom(place.node) : place.node;
  const raw = isNothing(node) ? undefined : rawValue(node, docsAsGroup(type.fields));
  const values = readFields(type.fields, raw, place);
  if (values === undefined) return { ...broken, id: id.text };
  type.check?.(values, place);
  return { ...base, status: "built", type, values, ...(renamedFrom !== undefined && { renamedFrom }) };
}

/** Parses a component id; undefined after a problem. */
export function parseId(written: string, place: TreePlace) {
  try {
    return parseComponentId(written);
  } catch (thrown) {
    place.problem(Fault.from(thrown).message);
    return undefined;
  }
}

/** `receiver "otlp"`, `exporter "otlp/tempo"`. */
export function nameOfComponent({ section, id }: Pick<Component, "section" | "id">): string {
  return `${SECTIONS[section].kind} "${id}"`;
}
