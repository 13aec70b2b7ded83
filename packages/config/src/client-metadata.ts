/** Which of the client's metadata a configuration reads, and where: nothing else of a request's headers is ever kept. */
import { isBinaryKey, META_COMBINATIONS, type MetadataNeed } from "@rondo/core";
import { referencesOf } from "./extension-references.ts";
import type { Configured, Graph, PipelineNode } from "./graph.ts";

/** What a receiver keeps of the metadata of its requests. */
export interface KeptMetadata {
  /** In order, lower-case, without binary ones; empty: nothing is kept. */
  readonly keys: readonly string[];
  /** Most combinations of their values that one tenant may have at a time; 0 is no bound. */
  readonly combinations: number;
}

type Wiring = Pick<Graph, "pipelines" | "extensions">;

/** What the pipelines behind a receiver read. */
export function metadataKeptFor({ pipelines, extensions }: Wiring, receiver: string): KeptMetadata {
  const needs = pipelines
    .filter(({ receivers }) => receivers.includes(receiver))
    .flatMap((pipeline) => pipelineNeeds(pipeline, extensions));
  // Where several state a bound, the strictest holds; 0 states none.
  const stated = needs.flatMap(({ combinations }) => (combinations === undefined ? [] : [combinations]));
  const bounds = stated.filter((bound) => bound > 0);
  const unbound = stated.length > 0 ? 0 : META_COMBINATIONS;
  return { keys: keysOf(needs), combinations: bounds.length > 0 ? Math.min(...bounds) : unbound };
}

/** The metadata by which a pipeline's exporters tell requests apart; in order. */
export function metadataSentBy(pipeline: PipelineNode, extensions: Wiring["extensions"]): readonly string[] {
  return keysOf(pipelineNeeds(pipeline, extensions).filter(({ sent }) => sent));
}

function pipelineNeeds({ processors, exporters }: PipelineNode, extensions: Wiring["extensions"]): MetadataNeed[] {
  return [...processors, ...exporters].flatMap((component) => needsOf(component, extensions));
}

function keysOf(needs: readonly MetadataNeed[]): readonly string[] {
  return [...new Set(needs.flatMap(({ keys }) => keys))].filter((key) => !isBinaryKey(key)).sort();
}

type Component = Pick<Configured<object>, "type" | "values">;

/** What a component reads itself, and what the extensions read that it uses. */
export function needsOf(
  { type, values }: Component,
  extensions: readonly (Component & { readonly id: string })[],
): readonly MetadataNeed[] {
  // Every kind of component may declare this; the erased argument is what the type's own fields were read to.
  const { metadata } = type as { readonly metadata?: (values: unknown) => MetadataNeed };
  const used = referencesOf(type, values).map(({ id }) => id);
  const through = extensions.filter(({ id }) => used.includes(id)).flatMap((extension) => needsOf(extension, []));
  return [...(metadata === undefined ? [] : [metadata(values)]), ...through];
}
