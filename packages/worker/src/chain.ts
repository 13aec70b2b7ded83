/** The layers around an exporter on one partition, outermost first: accumulate, retry, timeout. */
import { type Accumulation, type Clock, compose, type Deliver, type Exporter, type Log, type Random } from "@rondo/core";
import type { PipelineNode } from "@rondo/config";
import { accumulate, retry, timeout } from "@rondo/delivery";
import { accumulationOf, batch } from "@rondo/processors";

/** No waiting, but what queues up behind a request in flight goes out as one: what a pipeline without `batch` does. */
const UNBATCHED: Accumulation = { minItems: 1, maxItems: 0, maxBytes: 3_500_000, waitMs: 0 };

/** How a pipeline's batches are joined for an exporter: as its last batch processor says, unless the exporter says otherwise. */
export function batching(pipeline: PipelineNode, exporter: Exporter): Accumulation {
  const last = pipeline.processors.findLast(({ type }) => type === batch);
  const base = last === undefined ? UNBATCHED : accumulationOf(last.values);
  return { ...base, ...exporter.accumulation };
}

/** Makes the chain. One a partition, so that order and back-pressure stay with the partition. */
export function exporterChain(exporter: Exporter, accumulation: Accumulation, { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log }): Deliver {
  return compose(
    [accumulate(accumulation, clock), retry({ policy: exporter.retry, clock, random, log }), timeout(exporter.timeoutMs, clock)],
    exporter.deliver,
  );
}
