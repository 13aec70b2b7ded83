/** Clients for a log with several partitions: two for each, so that every partition always has something on its way. */
import { partitionRequest } from "@rondo/otlp";
import { buildRequest, type LoadClient } from "./load.ts";

const TENANT = "default";
const ITEMS_BELOW = 5;
const PAUSE_MS = 60;
/** More than enough instances to find two for each partition. */
const INSTANCES = 200;

/** The partition of what a service instance of the load sends. */
export function partitionOf(instance: number, partitions: number): number {
  return partitionRequest("logs", buildRequest("logs", 0, 0, 1, instance), partitions, TENANT)[0]?.partition ?? 0;
}

/** Two clients for each partition, one for either transport, in an order that spreads them over two gateways. */
export function partitionClients(partitions: number): readonly LoadClient[] {
  const instances = Array.from({ length: INSTANCES }, (_, instance) => instance);
  const of = Map.groupBy(instances, (instance) => partitionOf(instance, partitions));
  return Array.from({ length: partitions }, (_, partition) => partition).flatMap((partition) => {
    const [one = 0, two = 0, three = 0, four = 0] = of.get(partition) ?? [];
    const client = (transport: "grpc" | "http", ...own: readonly number[]): LoadClient => ({
      ...{ transport, gzip: partition === 0, instances: own, itemsBelow: ITEMS_BELOW, pauseMs: PAUSE_MS },
    });
    const pair = [client("grpc", one, three), client("http", two, four)];
    return partition % 2 === 0 ? pair : pair.reverse();
  });
}
