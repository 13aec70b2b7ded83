/**
 * The groups and topics of a configuration's pipelines and exporters. One that was renamed goes on in the group that it was made
 * with: its offsets and totals stay where they are, so there is no moment at which they could be torn. Rules of the log 7.
 */
import {
  type Broker,
  enrichedTopic,
  exporterGroup,
  type GroupSpec,
  pipelineGroup,
  RAW_TOPICS,
  type StateStore,
} from "@rondo/broker";
import type { Graph, PipelineNode } from "@rondo/config";
import { Fault } from "@rondo/core";

/** What names a pipeline's groups and its topic. */
export type NamedPipeline = Pick<PipelineNode, "id" | "signal" | "renamedFrom" | "exporters">;

/** The topic that a pipeline writes and its exporters read. */
export function topicOfPipeline({ id, signal, renamedFrom = id }: Omit<NamedPipeline, "exporters">): string {
  return enrichedTopic(signal, renamedFrom);
}

/** The group that runs a pipeline, with the topic it reads. */
export function pipelineSpec({ id, signal, renamedFrom = id }: Omit<NamedPipeline, "exporters">): GroupSpec {
  return { group: pipelineGroup(renamedFrom), topic: RAW_TOPICS[signal] };
}

/** The group of one exporter of a pipeline, with the topic it reads. */
export function exporterSpec(pipeline: NamedPipeline, exporter: string): GroupSpec {
  const first = pipeline.exporters.find(({ id }) => id === exporter)?.renamedFrom ?? exporter;
  return { group: exporterGroup(pipeline.renamedFrom ?? pipeline.id, first), topic: topicOfPipeline(pipeline) };
}

/** Keys of `rondo.state` that say in which group a renamed pipeline or exporter goes on, by the group of its own name. */
const RENAMES = "renamed/";

/** In which group each renamed pipeline and exporter goes on, by the group of its own name. */
export async function knownRenames(state: StateStore): Promise<ReadonlyMap<string, string>> {
  const entries = await state.list(RENAMES);
  return new Map(entries.map(([key, value]) => [key.slice(RENAMES.length), Buffer.from(value).toString()]));
}

/**
 * Holds a configuration to the renames that were made before, and remembers its own: a name that goes on in another's group must
 * not begin anew because `renamed_from` was taken out or names something in between. Throws a `config` Fault.
 */
export async function holdRenames({ pipelines }: Pick<Graph, "pipelines">, { state }: Broker): Promise<void> {
  const stored = await knownRenames(state);
  for (const pipeline of pipelines) {
    for (const { what, own, used, renamedFrom: from } of usesOf(pipeline)) {
      const before = stored.get(own) ?? own;
      const first = stored.get(used);
      if (stored.has(own) && before !== used) throw wrongRename(what, before);
      // What it names was itself renamed: its offsets are in the group of the first name.
      if (used !== own && first !== undefined) throw wrongRename(`${what} (before: ${from ?? "another name"})`, first);
      if (used === own || stored.has(own)) continue;
      const stands = Buffer.from(await state.putFirst(RENAMES + own, Buffer.from(used))).toString();
      if (stands !== used) throw wrongRename(what, stands);
    }
  }
}

/** Whose groups a pipeline and its exporters use: `own` is that of their own name, `used` that of their first. */
function usesOf(pipeline: NamedPipeline) {
  const { id, renamedFrom } = pipeline;
  return [
    { what: `pipeline ${id}`, own: pipelineGroup(id), used: pipelineSpec(pipeline).group, renamedFrom },
    ...pipeline.exporters.map((one) => ({
      what: `exporter ${one.id} of pipeline ${id}`,
      own: exporterGroup(id, one.id),
      used: exporterSpec(pipeline, one.id).group,
      renamedFrom: one.renamedFrom ?? renamedFrom,
    })),
  ];
}

/**
 * A sentence for each rename from what this log has never had: a misspelling begins anew without a word, and is then remembered. To be
 * asked before the groups are registered; a log that is new has had nothing, and says nothing.
 */
export async function unmetRenames(
  { pipelines }: { readonly pipelines: readonly NamedPipeline[] },
  broker: Pick<Broker, "groups">,
): Promise<readonly string[]> {
  const known = new Set((await broker.groups()).map(({ group }) => group));
  if (known.size === 0) return [];
  return pipelines.flatMap(usesOf).flatMap(({ what, own, used, renamedFrom = "" }) => {
    const way = "if that is misspelt, stop, take another new name, and let renamed_from say the right one";
    const begins = `${what}: renamed_from ${renamedFrom} names nothing that was here (group ${used}), so it begins anew; ${way}`;
    return used === own || known.has(used) ? [] : [begins];
  });
}

function wrongRename(what: string, group: string): Fault {
  return new Fault(
    "config",
    `${what} goes on with the offsets and the account of group ${group}: let renamed_from say the first name, or choose a new one`,
  );
}
