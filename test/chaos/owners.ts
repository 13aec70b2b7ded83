/** Whose a road is: the owners of its two hops, by the client ids of the moment. */
import { exporterGroup, pipelineGroup } from "@rondo/broker";
import { SIGNALS } from "@rondo/otlp";
import { ownersOf } from "../rig/kafka-groups.ts";
import type { Road } from "./progress.ts";

/** Asks Kafka once; the answer tells the client ids of a road's two owners. Pipelines must be called as their signals. */
export async function roadOwners(
  brokers: readonly string[],
  exporters: readonly string[],
): Promise<(road: Road) => readonly string[]> {
  const groups = SIGNALS.flatMap((signal) => [
    pipelineGroup(signal),
    ...exporters.map((exporter) => exporterGroup(signal, exporter)),
  ]);
  const found = await ownersOf(brokers, groups);
  return ({ exporter, signal, partition }) =>
    [pipelineGroup(signal), exporterGroup(signal, exporter)].map((group) => found.get(group)?.get(partition) ?? "");
}
