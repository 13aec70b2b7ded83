/**
 * Lets go of what a removed exporter or pipeline has not read, with that reason in its account. Until somebody asks for it, the
 * group stays registered and its backlog is shown as lag of `removed`: what was accepted is not forgotten by editing a file.
 * Rules of the log 7.
 */
import {
  type Broker,
  type Claim,
  type GroupSpec,
  isSettled,
  type LogRecord,
  readGroupName,
  readOrigin,
  retiredGroups,
  retiredKey,
  retirement,
  type StateStore,
  tryEnrichedHeaders,
} from "@rondo/broker";
import type { Graph } from "@rondo/config";
import { type Clock, Fault, fired, type Log, sleep } from "@rondo/core";
import { PartitionAccount } from "./account.ts";
import { itemsOf } from "./backlog.ts";
import { exporterSpec, knownRenames, pipelineSpec } from "./groups.ts";
import { readBelow } from "./read-below.ts";
import { firstOffset } from "./resume.ts";
import { encodeTotals, loadTotals, totalsKey } from "./totals.ts";

/** What is read at once, bytes. */
const READ_BYTES = 4 << 20;
/** How often it is looked whether every partition is done, by this process or another, milliseconds. */
const LOOK_MS = 200;

/** What dropping works with. */
export interface DropSurroundings {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  readonly abort: AbortSignal;
}

/** Groups that are configured again count again: they go on where their backlog was dropped. */
export async function reviveGroups(state: StateStore, groups: readonly GroupSpec[]): Promise<void> {
  const retired = await retiredGroups(state);
  const back = groups.filter(({ group }) => retired.has(group));
  if (back.length > 0) await state.put(back.map(({ group }) => ({ key: retiredKey(group), value: null })));
}

/**
 * The groups of a removed exporter, or of a removed pipeline with its exporters, by the id that it had. Throws a `config` Fault for
 * one that is configured, and for one that never was.
 */
export async function removedGroups(name: string, { pipelines }: Graph, broker: Broker): Promise<readonly GroupSpec[]> {
  const used = new Set(
    pipelines.flatMap((one) => [
      pipelineSpec(one).group,
      ...one.exporters.map(({ id }) => exporterSpec(one, id).group),
    ]),
  );
  const removed = (await broker.groups()).flatMap((spec) => {
    const owner = used.has(spec.group) ? undefined : readGroupName(spec.group);
    return owner === undefined ? [] : [{ spec, ...owner }];
  });
  // By a name that it had later, too.
  const later = [...(await knownRenames(broker.state))].flatMap(([own, group]) => {
    const { pipeline, exporter = pipeline } = readGroupName(own) ?? {};
    return exporter === name ? [group] : [];
  });
  const found = removed.filter(
    ({ spec: { group }, pipeline, exporter }) => pipeline === name || exporter === name || later.includes(group),
  );
  if (found.length > 0) return found.map(({ spec }) => spec);
  const isUsed = pipelines.some(({ id, exporters }) => id === name || exporters.some((one) => one.id === name));
  const names = [...new Set(removed.map(({ pipeline, exporter = pipeline }) => exporter))];
  throw new Fault(
    "config",
    isUsed
      ? `--drop-backlog ${name}: it is configured; remove it from its pipelines first`
      : `--drop-backlog ${name}: nothing of that name was removed; there is: ${names.join(", ") || "nothing"}`,
  );
}

/** Drops everything that was in a group's topic when this was called. Throws the log's Faults, `aborted` when `abort` fired before. */
export async function dropBacklog(spec: GroupSpec, around: DropSurroundings): Promise<void> {
  const { broker, clock, log, abort } = around;
  const { group, topic } = spec;
  const ends = ((await broker.ranges([topic])).get(topic) ?? []).map(({ high }) => high);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  let records = 0;
  let items = 0;
  const onClaim = async (claim: Claim) => {
    const dropped = await dropPartition(claim, ends[claim.partition] ?? 0, spec, broker);
    records += dropped.records;
    items += dropped.items;
    await fired(claim.revoked);
  };
  const member = await broker.join(spec, onClaim, failed.reject);
  try {
    for (;;) {
      if (abort.aborted) throw new Fault("aborted", `dropping the backlog of ${group} was given up`);
      const positions = await broker.position(group);
      if (positions.every((one) => (one.committed ?? one.registered) >= (ends[one.partition] ?? 0))) break;
      await Promise.race([sleep(clock, LOOK_MS, abort), failed.promise]);
    }
    await broker.state.put([retirement(group, clock.now())]);
    log.warn("the backlog of what was removed is dropped", { group, records, items });
  } finally {
    await member.leave();
  }
}

async function dropPartition(claim: Claim, end: number, { group }: GroupSpec, broker: Broker) {
  const { topic, partition } = claim;
  const stored = await loadTotals(broker.state, group, partition);
  const start = Math.max(firstOffset(claim), stored?.offset ?? 0);
  const account = new PartitionAccount(start, stored?.rows ?? {}, stored?.origin);
  const { pipeline = "", exporter = "" } = readGroupName(group) ?? {};
  const key = `${exporter || (pipeline && "pipeline")}/backlog_dropped`;
  let newest = stored?.origin;
  let items = 0;
  let next = start;
  const commit = async (offset: number) => {
    const { origin } = account;
    // Nothing of it was sent, and what a pipeline appended is as it was.
    const totals = { ...stored, offset, sentBelow: offset, rows: account.rows(), ...(origin && { origin }) };
    await claim.commit(offset, [{ key: totalsKey(group, partition), value: encodeTotals(totals) }]);
  };
  while (next < end && !claim.revoked.aborted) {
    const read = await readBelow(broker, { topic, partition, end }, next, READ_BYTES);
    const records = read.filter(({ offset }) => offset < end);
    if (records.length === 0) break;
    for (const record of records) {
      const { tenant, count, origin } = entryOf(record, exporter !== "");
      const isOverlap = origin !== undefined && isSettled(origin, origin.at, newest);
      if (origin !== undefined && !isOverlap) newest = origin;
      const entered = isOverlap ? 0 : count;
      const entry = account.enter(record.offset, tenant, entered, isOverlap || origin === undefined ? {} : { origin });
      account.settle(entry, { dropped: entered === 0 ? {} : { [key]: entered } });
      items += entered;
      next = record.offset + 1;
    }
    await commit(next);
  }
  // Retention may have taken the rest, and a damaged end holds nothing that could be read.
  if (next < end && !claim.revoked.aborted) await commit(end);
  return { records: Math.max(0, end - start), items };
}

function entryOf(record: LogRecord, isEnriched: boolean) {
  // Of one that cannot be read nobody knows what was in it, here as everywhere.
  if (record.fault !== undefined) return { tenant: "default", count: 0, origin: undefined };
  if (!isEnriched) return { tenant: record.headers["tenant"] ?? "default", count: itemsOf(record), origin: undefined };
  const headers = tryEnrichedHeaders(record);
  // Nobody's items: its exporters would have set it aside, and counted nothing.
  if (headers === undefined) return { tenant: "default", count: 0, origin: undefined };
  const { tenant, items: count, origin: written, at } = headers;
  const origin = readOrigin(written);
  return { tenant, count, origin: origin && { offset: origin.offset, part: origin.part, at } };
}
