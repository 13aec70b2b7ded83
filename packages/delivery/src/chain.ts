/** The order of the Layers around an exporter, written down once. */
import {
  type Accumulation,
  type Batch,
  type Clock,
  compose,
  type Deliver,
  type Exporter,
  type Log,
  type Random,
} from "@rondo/core";
import { accumulate, type Flow } from "./accumulate.ts";
import { deadLetter, type SetAside } from "./dead-letter.ts";
import { guard } from "./guard.ts";
import { noteUnanswered } from "./note-unanswered.ts";
import { type RetryOptions, retry } from "./retry.ts";
import { tellTries } from "./tell-tries.ts";
import { timeout } from "./timeout.ts";

/** What an exporter is surrounded with. */
export interface ChainOptions {
  /** How the pipeline joins batches; the exporter's own `accumulation` overrides it key by key. */
  readonly accumulation: Accumulation;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onRetry?: RetryOptions["onRetry"];
  /** False: what is refused for good is only counted, as where it was sent before. */
  readonly isKept?: boolean;
}

/**
 * Makes the chain of one partition. `note` is awaited after every try whose answer was lost, before the next one; `setAside`
 * keeps what the backend will never take.
 */
export type MakeChain = (flow: Flow, note: (batch: Batch) => Promise<void>, setAside: SetAside) => Deliver;

/**
 * Returns a maker of chains: one call per partition, so that order and back-pressure stay with the partition, while what is
 * said to the log is said once per exporter. `accumulate` joins records; `deadLetter` cuts what is refused for good down to
 * the items that are to blame; `retry` repeats the joined request unchanged, so
 * that a backend that deduplicates requests can; `timeout` bounds each try; `guard` holds the exporter to its contract.
 * A chain answers `settled`, or a retry with a Fault `aborted` after an abort (or `throttled` beyond accumulate's limit).
 */
export function chain(exporter: Exporter, options: ChainOptions): MakeChain {
  const { clock, random, log, onRetry } = options;
  const accumulation = { ...options.accumulation, ...exporter.accumulation };
  const retrying = retry({ policy: exporter.retry, clock, random, log, ...(onRetry && { onRetry }) });
  const inner = [timeout(exporter.timeoutMs, clock), guard(log, clock)];
  const searching = deadLetter({ log, clock, isKept: options.isKept ?? true });
  return (flow, note, setAside) =>
    compose(
      [
        accumulate(accumulation, clock, flow),
        searching(setAside),
        retrying,
        tellTries(flow, exporter.retry),
        noteUnanswered(note),
        ...inner,
      ],
      exporter.deliver,
    );
}
