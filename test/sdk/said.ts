/** What a program said through an SDK, and what of it arrived at a backend, in one shape so that the two compare. */
import type { Signal } from "@rondo/otlp";
import { type DecodedAttributes, decodedItems, decodeRequest } from "@rondo/otlp/codec";

/** All three signals as sorted lines. */
export type Said = Readonly<Record<Signal, readonly string[]>>;

/** The attribute of the resource that tells runs apart. */
export const RUN_KEY = "sdk.run";

function textOf(attributes: DecodedAttributes["attributes"], key: string): string | undefined {
  return attributes.find((one) => one.key === key)?.value?.stringValue;
}

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

/** Follows what arrives at a backend, by run. */
export interface Heard {
  take(signal: Signal, body: Uint8Array): void;
  /** What arrived of a run, sorted; repeated arrivals count once. */
  of(run: string): Said;
}

/** Listens for runs of the programs here: spans by ids and name, sums by name and value, histograms by count, logs by body. */
export function hear(): Heard {
  const runs = new Map<string, Record<Signal, Set<string>>>();
  const entry = (run: string) => {
    const known = runs.get(run) ?? { traces: new Set<string>(), metrics: new Set<string>(), logs: new Set<string>() };
    runs.set(run, known);
    return known;
  };
  return {
    take(signal, body) {
      if (signal === "traces")
        for (const { resource, item } of decodedItems("traces", decodeRequest("traces", body)))
          entry(textOf(resource?.attributes ?? [], RUN_KEY) ?? "")[signal].add(
            `${hex(item.traceId)}:${hex(item.spanId)}:${item.name}`,
          );
      else if (signal === "logs")
        for (const { resource, item } of decodedItems("logs", decodeRequest("logs", body)))
          entry(textOf(resource?.attributes ?? [], RUN_KEY) ?? "")[signal].add(item.body?.stringValue ?? "");
      else
        for (const { resource, metric, item } of decodedItems("metrics", decodeRequest("metrics", body))) {
          const value =
            "count" in item
              ? item.count
              : "asInt" in item
                ? item.asInt
                : "asDouble" in item
                  ? item.asDouble
                  : undefined;
          entry(textOf(resource?.attributes ?? [], RUN_KEY) ?? "")[signal].add(`${metric?.name}=${value}`);
        }
    },
    of(run) {
      const { traces, metrics, logs } = entry(run);
      return { traces: [...traces].sort(), metrics: [...metrics].sort(), logs: [...logs].sort() };
    },
  };
}
