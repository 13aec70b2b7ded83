/** How the batches of a pipeline are joined before an exporter sends them. */
import type { PipelineNode } from "@rondo/config";
import type { Accumulation } from "@rondo/core";
import { accumulationOf, batch } from "@rondo/processors";

/** No waiting, but what queues up behind a request in flight goes out as one: what a pipeline without `batch` does. */
const UNBATCHED: Accumulation = { minItems: 1, maxItems: 0, maxBytes: 3_500_000, waitMs: 0 };

/** What the pipeline's last batch processor says; its waiting is done here, before the offset settles, and not in the pipeline. */
export function accumulationOfPipeline({ processors }: PipelineNode): Accumulation {
  const last = processors.findLast(({ type }) => type === batch);
  return last === undefined ? UNBATCHED : accumulationOf(last.values);
}
