/** Finds what a component type in a configuration means: built, planned or unknown, in either of its spellings. */
import type {
  AnyExporterType,
  AnyProcessorType,
  AnySettingsType,
  ComponentKind,
  ComponentTypes,
  PlannedType,
} from "@rondo/core";
import { nearest } from "@rondo/core";

/** Any entry that runs. */
export type BuiltType = AnyProcessorType | AnyExporterType | AnySettingsType;

/** The sections of a configuration that hold components, each with the kind that it holds and the list of its types. */
export const SECTIONS = {
  receivers: { kind: "receiver", built: (types) => types.receivers },
  processors: { kind: "processor", built: (types) => types.processors },
  exporters: { kind: "exporter", built: (types) => types.exporters },
  connectors: { kind: "connector", built: () => [] },
  extensions: { kind: "extension", built: (types) => types.extensions },
} as const satisfies Record<
  string,
  { readonly kind: ComponentKind; readonly built: (types: ComponentTypes) => readonly BuiltType[] }
>;

/** The name of one of these sections. */
export type SectionName = keyof typeof SECTIONS;

/** The section names in the order in which they are checked and printed. */
// The table above has these keys and no other.
export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** What a type turned out to be. */
export type Known =
  | { readonly status: "built"; readonly type: BuiltType }
  | { readonly status: "planned"; readonly type: PlannedType }
  | { readonly status: "unknown"; readonly advice: string };

/** Looks a type up in a section; for an unknown one `advice` ends a sentence with the nearest name or the way to a list. */
export function lookUp(types: ComponentTypes, section: SectionName, name: string): Known {
  const { kind } = SECTIONS[section];
  const built: readonly BuiltType[] = SECTIONS[section].built(types);
  const type = built.find((one) => spellings(one).includes(name));
  if (type !== undefined) return { status: "built", type };
  const ofKind = types.planned.filter((one) => one.kind === kind);
  const planned = ofKind.find((one) => spellings(one).includes(name));
  if (planned !== undefined) return { status: "planned", type: planned };
  const near = nearest(name, [...built, ...ofKind].flatMap(spellings));
  if (near !== undefined) return { status: "unknown", advice: `; did you mean ${near}?` };
  const elsewhere = SECTION_NAMES.find((other) => other !== section && knows(types, other, name));
  if (elsewhere !== undefined) return { status: "unknown", advice: `; it is a type of ${elsewhere}` };
  return { status: "unknown", advice: "; `rondo components` lists what there is" };
}

function knows(types: ComponentTypes, section: SectionName, name: string): boolean {
  const { kind } = SECTIONS[section];
  const built: readonly BuiltType[] = SECTIONS[section].built(types);
  return [...built, ...types.planned.filter((one) => one.kind === kind)].some((one) => spellings(one).includes(name));
}

/** A type's name and its other spellings. */
export function spellings(one: { readonly type: string; readonly aliases?: readonly string[] }): readonly string[] {
  return [one.type, ...(one.aliases ?? [])];
}
