/** The processors of a pipeline as its partitions run them: those of state `keep` are made anew for each partition and generation. */
import type { PipelineNode } from "@rondo/config";
import type { KeepingProcessor } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import { type ComponentOptions, surroundingsOf, typed } from "./create-component.ts";
import type { Stage } from "./enrich.ts";

/** A processor of state `keep` with what its checkpoints are stored under. */
export interface KeepingStage {
  readonly id: string;
  /** A checkpoint of another type, once configured under the same id, is none of its own. */
  readonly type: string;
  readonly processor: KeepingProcessor;
}

/** What one partition runs in one generation. */
export interface Stages {
  /** All processors, in order. */
  readonly stages: readonly Stage[];
  /** Those among them that keep state. */
  readonly keeping: readonly KeepingStage[];
}

/** Makes a pipeline's processors; each call of what it returns makes those anew that keep state. Throws what their `create` throws. */
export function stagesOf(options: ComponentOptions, pipeline: PipelineNode, signal: Signal): () => Stages {
  const makers = pipeline.processors.map(({ id, type, values }) => {
    const around = { ...surroundingsOf(options, pipeline, id), signal };
    if (type.state === "keep") {
      const make = () => ({ id, type: type.type, processor: type.create(typed(values), around) });
      // A configuration that it cannot run with is found now, and not with the first partition.
      make();
      return () => {
        const made = make();
        return { stage: { id, processor: made.processor, keeps: true as const }, keeping: [made] };
      };
    }
    const stage = { id, processor: type.create(typed(values), around) };
    return () => ({ stage, keeping: [] });
  });
  return () => {
    const made = makers.map((make) => make());
    return { stages: made.map(({ stage }) => stage), keeping: made.flatMap(({ keeping }) => keeping) };
  };
}
