/** Makes the components of a pipeline from their entries in the configuration. */
import type { Graph, PipelineNode } from "@rondo/config";
import { type Clock, type Exporter, Fault, type Log, type Random, type Surroundings } from "@rondo/core";

/** What components are made with. */
export interface ComponentOptions {
  readonly graph: Pick<Graph, "extensions">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What surrounds the component of a pipeline that is called `id`. */
export function surroundingsOf(
  { graph, clock, random, log }: ComponentOptions,
  { id: pipeline, signal }: PipelineNode,
  id: string,
): Surroundings {
  const headersBy = (extension: string) => {
    const found = graph.extensions.find((one) => one.id === extension);
    return found?.type.setHeaders?.(typed(found.values));
  };
  return { id, signal, pipeline, clock, random, log: log.child({ pipeline, component: id }), headersBy };
}

/** An exporter of a pipeline, not started. Throws what its `create` throws, and a Fault `config` when the pipeline has none of that id. */
export function createExporter(options: ComponentOptions, pipeline: PipelineNode, id: string): Exporter {
  const found = pipeline.exporters.find((one) => one.id === id);
  if (found === undefined) throw new Fault("config", `pipeline ${pipeline.id} has no exporter ${id}`);
  return found.type.create(typed(found.values), surroundingsOf(options, pipeline, id));
}

/** Config read these values with the fields of the very entry whose `create` gets them, which the list's type has forgotten. */
export function typed(values: unknown): never {
  return values as never;
}
