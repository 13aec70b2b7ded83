/**
 * `renamed_from:` of an exporter or a pipeline: the name under which it has its consumer groups, its topic and its account. A group
 * goes on under the name that it was made with, so that a rename moves no offset and no total. Rules of the log 7.
 */
import type { BuiltComponent } from "./component-section.ts";
import type { TreePlace } from "./findings.ts";
import { type ConfigNode, isNothing } from "./tree.ts";

/** The key, on exporters and pipelines. */
export const RENAMED_FROM = "renamed_from";

/** The name as written at `place`; undefined when there is none. A name that is no text is a problem. */
export function readRenamedFrom(place: TreePlace): string | undefined {
  const at = place.at(RENAMED_FROM);
  const { node } = at;
  if (node === undefined || isNothing(node)) return undefined;
  if (node.kind === "scalar" && typeof node.value === "string" && node.value !== "") return node.value;
  at.problem("must be the name that it had first, such as otlp/tempo");
  return undefined;
}

/** A component's node without the key, which is none of its type's own fields. */
export function withoutRenamedFrom(node: ConfigNode | undefined): ConfigNode | undefined {
  if (node?.kind !== "map" || !node.entries.has(RENAMED_FROM)) return node;
  return { ...node, entries: new Map([...node.entries].filter(([key]) => key !== RENAMED_FROM)) };
}

/** A pipeline with what may be renamed in it. */
export interface Renamable {
  readonly id: string;
  readonly signal: string;
  readonly place: TreePlace;
  readonly renamedFrom?: string;
  readonly exporters: readonly BuiltComponent[];
}

/** Reports every rename to which a group would belong twice, and those of another signal. */
export function checkRenames(pipelines: readonly Renamable[]): void {
  const groups = new Map<string, string>();
  for (const { id, renamedFrom = id } of pipelines.toSorted(renamedLast)) {
    const other = groups.get(renamedFrom);
    const pipeline = pipelines.find((one) => one.id === id);
    if (other !== undefined) {
      pipeline?.place
        .at(RENAMED_FROM)
        .problem(`is the name of what pipeline "${other}" reads and keeps; remove that pipeline, or this key`);
    }
    groups.set(renamedFrom, id);
    const signal = renamedFrom.split("/", 1)[0];
    if (pipeline !== undefined && signal !== pipeline.signal) {
      pipeline.place
        .at(RENAMED_FROM)
        .problem(`is of ${signal}, and a pipeline of ${pipeline.signal} cannot go on with it`);
    }
  }
  const told = new Set<string>();
  for (const { id, exporters } of pipelines) {
    const names = new Map<string, string>();
    for (const { id: exporter, renamedFrom = exporter, place } of exporters.toSorted(renamedLast)) {
      const other = names.get(renamedFrom);
      names.set(renamedFrom, exporter);
      // An exporter of several pipelines is one entry of the file.
      if (other === undefined || told.has(exporter)) continue;
      told.add(exporter);
      place
        .at(RENAMED_FROM)
        .problem(
          `is the name of what exporter "${other}" of pipeline ${id} has delivered; remove it there, or this key`,
        );
    }
  }
}

/** Whoever has the name itself comes first, so that the problem stands at the one that was renamed. */
function renamedLast(a: { readonly renamedFrom?: string }, b: { readonly renamedFrom?: string }): number {
  return Number(a.renamedFrom !== undefined) - Number(b.renamedFrom !== undefined);
}
