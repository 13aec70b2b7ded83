/** Where the account does not balance, each difference with its group, partition, tenant and offsets. Rules of the log 6. */
import type { Graph } from "@rondo/config";
import { exporterSpec, NO_ITEMS, pipelineSpec, type Row, sumDrops } from "@rondo/worker";
import type { LedgerPage, PartitionTotals } from "./read-ledger.ts";

type Page = Pick<LedgerPage, "receivers" | "lines" | "partitions" | "lag">;

/** First what each row says of itself, then that what a pipeline forwarded is what its exporters got. */
export function findDifferences({ pipelines }: Pick<Graph, "pipelines">, { partitions }: Page): readonly string[] {
  const found: string[] = [];
  for (const one of partitions) {
    for (const [tenant, row] of Object.entries(one.totals?.rows ?? {})) {
      // Rows and their offset are written together, so that this holds at every moment, whatever runs.
      const came = row.entered + row.created;
      const went = row.forwarded + row.delivered + row.deadLettered + sumDrops(row.dropped);
      if (came !== went) found.push(`${placeOf(one, tenant)}: ${came} items came in, ${went} are accounted for`);
    }
  }
  for (const pipeline of pipelines) {
    const own = partitions.filter(({ group }) => group === pipelineSpec(pipeline).group);
    for (const { id } of pipeline.exporters) {
      const { group } = exporterSpec(pipeline, id);
      for (const to of partitions.filter((one) => one.group === group)) {
        const from = own.find(({ partition }) => partition === to.partition);
        if (from !== undefined) found.push(...edge(from, to));
      }
    }
  }
  return found;
}

/** A pipeline and an exporter on one partition, where both are at its end and the exporter has seen its beginning. */
function edge(from: PartitionTotals, to: PartitionTotals): readonly string[] {
  const { high } = to.range;
  // One that was added later began at the end of what there was.
  if (to.position.registered !== 0) return [];
  if ((from.totals?.enriched ?? 0) !== high || (to.totals?.offset ?? 0) !== high) return [];
  const tenants = new Set([...Object.keys(from.totals?.rows ?? {}), ...Object.keys(to.totals?.rows ?? {})]);
  return [...tenants].flatMap((tenant) => {
    const { forwarded } = rowOf(from, tenant);
    const { entered } = rowOf(to, tenant);
    return forwarded === entered
      ? []
      : [`${placeOf(to, tenant)}: ${forwarded} items were forwarded, ${entered} entered`];
  });
}

function rowOf({ totals }: PartitionTotals, tenant: string): Row {
  const { rows = {} } = totals ?? {};
  // A tenant may have the name of what every object has.
  return (Object.hasOwn(rows, tenant) ? rows[tenant] : undefined) ?? NO_ITEMS;
}

function placeOf({ pipeline, exporter, group, partition, totals }: PartitionTotals, tenant: string): string {
  const who = `pipeline ${pipeline}${exporter === "" ? "" : `, exporter ${exporter}`}, tenant ${tenant}`;
  return `${who}, partition ${partition} (group ${group}, offsets below ${totals?.offset ?? 0})`;
}

/**
 * Pipelines that are at the end of their topic and have seen less than their receivers accepted. No difference: a receiver that was
 * added to a pipeline later accepted something before, and a client's repeats make the pipeline see more.
 */
export function findNotes({ pipelines }: Pick<Graph, "pipelines">, { receivers, lines, lag }: Page): readonly string[] {
  return pipelines.flatMap((pipeline) => {
    const own = lag.find(({ group }) => group === pipelineSpec(pipeline).group);
    if (own === undefined || own.records > 0 || !own.fromStart) return [];
    const accepted = new Map<string, number>();
    for (const one of receivers) {
      if (one.signal !== pipeline.signal || !pipeline.receivers.includes(one.receiver)) continue;
      accepted.set(one.tenant, (accepted.get(one.tenant) ?? 0) + one.accepted);
    }
    return [...accepted].flatMap(([tenant, items]) => {
      const row = lines.find((one) => one.pipeline === pipeline.id && one.exporter === "" && one.tenant === tenant);
      const entered = row?.entered ?? 0;
      return entered >= items
        ? []
        : [`pipeline ${pipeline.id}, tenant ${tenant}: its receivers accepted ${items} items, ${entered} entered`];
    });
  });
}
