/** Runs one pipeline on one partition: raw records in, enriched records out, in order, until the partition is taken away. */
import {
  type Broker,
  type Claim,
  type ForeignDefaults,
  type LogRecord,
  type NewRecord,
  readRawHeaders,
} from "@rondo/broker";
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import { PartitionAccount } from "./account.ts";
import { Committer } from "./committer.ts";
import { type Enriched, type EnrichOptions, enrich } from "./enrich.ts";
import { readUntil } from "./read-until.ts";
import { resumePipeline } from "./resume.ts";
import { encodeTotals, totalsKey } from "./totals.ts";

/** What a pipeline needs on every one of its partitions. */
export interface PipelineOptions extends EnrichOptions {
  readonly group: string;
  readonly enrichedTopic: string;
  readonly foreign: ForeignDefaults;
  /** Bytes of raw records that are taken into hand at once. */
  readonly readBytes: number;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells the worker of the partition's account, for metrics and the drain. */
  readonly opened: (claim: Claim, account: PartitionAccount) => void;
}

/** How long to wait before an append is tried again that the broker could not take, milliseconds. */
const APPEND_RETRY_MS = 500;

/** Runs until `ended` fires, with the claim or before it. Throws only for bugs and for records that this build cannot read. */
export async function runPipelineClaim(claim: Claim, ended: AbortSignal, options: PipelineOptions): Promise<void> {
  const { broker, clock, log, group, enrichedTopic } = options;
  const resumed = await resumePipeline(broker, claim, group, enrichedTopic, log);
  const account = new PartitionAccount(resumed.offset, resumed.rows, resumed.origin);
  options.opened(claim, account);
  let enriched = resumed.enriched;
  let { partsDone } = resumed;
  const committer = new Committer(
    clock,
    () => {
      const { low: offset, origin } = account;
      const totals = encodeTotals({ offset, enriched, rows: account.rows(), ...(origin && { origin }) });
      return claim.commit(offset, [{ key: totalsKey(group, claim.partition), value: totals }]);
    },
    log,
  );
  claim.seek(resumed.offset);
  try {
    for (;;) {
      const records = await readUntil(claim, options.readBytes, ended);
      if (records.length === 0) break;
      const made = records.map((record) => process(record, claim, account, options));
      const appends = made.flatMap(({ result }) => result.records).slice(partsDone);
      partsDone = 0;
      const appended = await appendAll(claim, ended, enrichedTopic, appends, options);
      if (appended === undefined) break;
      enriched = appended;
      for (const { entry, result } of made) {
        account.settle(entry, {
          created: result.account.created,
          forwarded: result.forwarded,
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
}

function process(record: LogRecord, claim: Claim, account: PartitionAccount, options: PipelineOptions): Made {
  const raw = readRawHeaders(record, options.foreign);
  const result = enrich(record, claim.partition, raw, options);
  const origin = { offset: record.offset, part: result.records.length - 1, at: record.timestamp };
  return { entry: account.enter(record.offset, raw.tenant, result.account.entered, { origin }), result };
}

/** Appends until the broker takes it; answers one past the last offset, or undefined when the claim is lost. */
async function appendAll(
  claim: Claim,
  ended: AbortSignal,
  topic: string,
  records: readonly NewRecord[],
  { clock, log }: PipelineOptions,
): Promise<number | undefined> {
  for (let failures = 0; ; failures++) {
    try {
      const { baseOffset } = await claim.append(topic, claim.partition, records);
      if (failures > 0) log.info("the log takes records again", { topic, partition: claim.partition, failures });
      return baseOffset + records.length;
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code === "aborted" || ended.aborted) return undefined;
      if (fault.code !== "unavailable" && fault.code !== "disk_full") throw fault;
      if (failures === 0)
        log.warn("the log takes no records; holding the partition until it does", {
          topic,
          partition: claim.partition,
          fault,
        });
      await sleep(clock, APPEND_RETRY_MS, ended);
      if (ended.aborted) return undefined;
    }
  }
}
