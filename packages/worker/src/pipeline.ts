/**
 * Runs one pipeline on one partition: raw records in, enriched records out, in order, until the partition is taken away. A
 * record that cannot be enriched is set aside in the raw topic's dead letters and passes as an empty one.
 */
import { type Broker, type Claim, deadLetterTopic, type LogRecord, type WholeRecord } from "@rondo/broker";
import { type Clock, free, type Log } from "@rondo/core";
import { untilTaken } from "@rondo/delivery";
import { PartitionAccount } from "./account.ts";
import { Committer } from "./committer.ts";
import type { Enriched } from "./enrich.ts";
import { enrichOrSetAside, type PoisonOptions } from "./enrich-or-set-aside.ts";
import { appendInTurn, inAppends } from "./in-appends.ts";
import { readUntil } from "./read-until.ts";
import { firstOffset, resumePipeline } from "./resume.ts";
import { encodeTotals, totalsKey } from "./totals.ts";

/** What a pipeline needs on every one of its partitions. */
export interface PipelineOptions extends PoisonOptions {
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
  let enriched = resumed.enriched;
  const committer = new Committer(
    clock,
    () => {
      const { low: offset, origin } = account;
      const totals = encodeTotals({ offset, enriched, rows: account.rows(), ...(origin && { origin }) });
      return claim.commit(offset, [{ key: totalsKey(group, partition), value: totals }]);
    },
    log,
  );
  const readNoMore = AbortSignal.any([ended, options.lastCall, claim.revoked]);
  claim.seek(resumed.offset);
  // What a predecessor did and did not live to commit would be shown as its lag until the next record comes.
  if (resumed.offset > firstOffset(claim)) committer.request();
  try {
    for (;;) {
      const records = await readUntil(claim, readBytes, readNoMore);
      if (records.length === 0) break;
      const made = records.map((record) => process(record, claim, account, options));
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
        const write = () => claim.append(enrichedTopic, partition, some);
        const appended = await untilTaken(write, ended, { clock, log, where: { topic: enrichedTopic, partition } });
        if (appended === undefined) return;
        end = appended.baseOffset + some.length;
        // What the processors made belongs to nobody else; a record that they left as it is shares its memory, and stays.
        if (appended.returned) for (const { value } of some) free(value);
      }
      // Together with the rows, or a commit in between would tell its successor not to look at what they lack.
      enriched = end;
      for (const { entry, result } of made) {
        account.settle(entry, {
          created: result.account.created,
          forwarded: result.forwarded,
          deadLettered: result.account.deadLettered ?? 0,
          dropped: result.account.dropped,
        });
      }
      committer.request();
    }
  } finally {
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

function process(record: LogRecord, claim: Claim, account: PartitionAccount, options: PipelineOptions): Made {
  const { tenant, result, letter } = enrichOrSetAside(record, claim.partition, options);
  const origin = { offset: record.offset, part: result.records.length - 1, at: record.timestamp };
  const entry = account.enter(record.offset, tenant, result.account.entered, { origin });
  return { entry, result, ...(letter && { letter }) };
}
