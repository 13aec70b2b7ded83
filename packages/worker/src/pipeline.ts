/**
 * Runs one pipeline on one partition: raw records in, enriched records out, in order, until the partition is taken away. A
 * record that cannot be enriched is set aside in the raw topic's dead letters and passes as an empty one.
 */
import { type Broker, type Claim, deadLetterTopic, type LogRecord, type WholeRecord } from "@rondo/broker";
import { type Clock, free, type Log } from "@rondo/core";
import { Recurring, untilTaken } from "@rondo/delivery";
import { PartitionAccount } from "./account.ts";
import { CheckpointBeat } from "./checkpoint-beat.ts";
import { Committer } from "./committer.ts";
import type { Enriched } from "./enrich.ts";
import { enrichOrSetAside, type PoisonOptions, runAgain } from "./enrich-or-set-aside.ts";
import { appendInTurn, inAppends } from "./in-appends.ts";
import { type CheckpointBounds, KeptState } from "./kept-state.ts";
import { readUntil } from "./read-until.ts";
import { firstOffset, resumePipeline } from "./resume.ts";
import type { Stages } from "./stages.ts";
import { encodeTotals, totalsKey } from "./totals.ts";

/** What a pipeline needs on every one of its partitions. */
export interface PipelineOptions extends Omit<PoisonOptions, "stages" | "trouble"> {
  /** Makes the processors of one claim: what they keep belongs to its generation. */
  readonly stages: () => Stages;
  readonly group: string;
  readonly enrichedTopic: string;
  /** Bytes of raw records that are taken into hand at once. */
  readonly readBytes: number;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** When it fires, nothing more is read; what is in hand is still appended. */
  readonly lastCall: AbortSignal;
  /** Tells the worker of the partition's account, for metrics and the drain. */
  readonly opened: (claim: Claim, account: PartitionAccount) => void;
  /** When checkpoints are due; absent: as a worker has it. */
  readonly bounds?: CheckpointBounds;
  /** A component lost what it kept. */
  readonly lost?: (component: string) => void;
  /** Tells the worker of what the partition's components keep, for metrics. The returned function ends that. */
  readonly keeps?: (kept: KeptState) => () => void;
}

/** Runs until `ended` fires, with the claim or before it. Throws only for bugs. */
export async function runPipelineClaim(claim: Claim, ended: AbortSignal, options: PipelineOptions): Promise<void> {
  const { broker, clock, log, group, enrichedTopic } = options;
  const { partition } = claim;
  // Enriched in one go, in which nothing else runs.
  const readBytes = Math.min(options.readBytes, broker.maxRecordBytes);
  const resumed = await resumePipeline(broker, claim, group, enrichedTopic, log);
  const account = new PartitionAccount(resumed.offset, resumed.rows, resumed.origin);
  options.opened(claim, account);
  const kept = await KeptState.open(claim, resumed, options);
  const closeKept = options.keeps?.(kept);
  const enriching = { ...options, stages: kept.stages, trouble: new Recurring(log, clock, "error") };
  let enriched = resumed.enriched;
  const committer = new Committer(
    clock,
    async () => {
      const { low: offset, origin } = account;
      const totals = encodeTotals({ offset, enriched, rows: account.rows(), ...(origin && { origin }) });
      const state = kept.writes();
      // A restart goes back to the newest checkpoint, which the commit must not pass.
      await claim.commit(kept.bounded(offset), [{ key: totalsKey(group, partition), value: totals }, ...state]);
      kept.stored(state);
    },
    log,
  );
  const checkpoints = new CheckpointBeat(clock, kept, account, () => committer.request());
  const readNoMore = AbortSignal.any([ended, options.lastCall, claim.revoked]);
  claim.seek(kept.next);
  // What a predecessor did and did not live to commit would be shown as its lag until the next record comes.
  if (resumed.offset > firstOffset(claim)) committer.request();
  try {
    if (kept.needsFirst) {
      kept.take();
      const where = { topic: claim.topic, partition };
      await untilTaken(() => committer.now(), ended, { clock, log, where, taker: "the state" });
      if (kept.needsFirst) return;
    }
    for (;;) {
      const read = await readUntil(claim, readBytes, readNoMore);
      if (read.length === 0) break;
      // Before they are run: should one of them end this claim, no checkpoint may take half of it for what it was.
      for (const { offset, value } of read) kept.ran(offset, value.length);
      for (const record of read) if (record.offset < resumed.offset) runAgain(record, partition, enriching);
      const records = read.filter(({ offset }) => offset >= resumed.offset);
      const made = records.map((record) => process(record, claim, account, enriching));
      // First, so that no crash can come between a record that says it was set aside and its letter.
      const letters = made.flatMap(({ letter }) => letter ?? []);
      const topic = deadLetterTopic(claim.topic);
      if (!(await appendInTurn(claim, topic, letters, ended, options))) return;
      // Parts that stand there already are parts of this very record, however many it has today.
      const appends = made.flatMap(({ entry, result }) =>
        result.records.slice(entry.offset === resumed.offset ? resumed.partsDone : 0),
      );
      let end = enriched;
      for (const some of inAppends(appends, broker.maxRecordBytes)) {
        let tries = 0;
        const write = () => {
          tries++;
          return claim.append(enrichedTopic, partition, some);
        };
        const appended = await untilTaken(write, ended, { clock, log, where: { topic: enrichedTopic, partition } });
        if (appended === undefined) return;
        end = appended.baseOffset + some.length;
        // Of an earlier try bytes may still stand on their way to a broker that did not answer.
        if (appended.returned && tries === 1) for (const { value, given } of some) if (given) free(value);
      }
      // Together with the rows, or a commit in between would tell its successor not to look at what they lack.
      enriched = end;
      for (const [index, { entry, result, letter }] of made.entries()) {
        const record = records[index];
        const isApart = result.records.every(({ value }) => value.buffer !== record?.value.buffer);
        if (letter === undefined && isApart) record?.release?.();
        account.settle(entry, {
          created: result.account.created,
          forwarded: result.forwarded,
          deadLettered: result.account.deadLettered ?? 0,
          dropped: result.account.dropped,
        });
      }
      committer.request();
      checkpoints.settled();
    }
  } finally {
    checkpoints.last();
    closeKept?.();
    await committer.stop();
    await committer
      .now()
      .catch(() => log.debug("the last commit of a lost partition was refused", { partition: claim.partition }));
  }
}

interface Made {
  readonly entry: ReturnType<PartitionAccount["enter"]>;
  readonly result: Enriched;
  readonly letter?: WholeRecord;
}

function process(record: LogRecord, claim: Claim, account: PartitionAccount, options: PoisonOptions): Made {
  const { tenant, result, letter } = enrichOrSetAside(record, claim.partition, options);
  const origin = { offset: record.offset, part: result.records.length - 1, at: record.timestamp };
  const entry = account.enter(record.offset, tenant, result.account.entered, { origin });
  return { entry, result, ...(letter && { letter }) };
}
