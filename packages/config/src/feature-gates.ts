/** The Collector's feature gates, as far as they mean something here: parts that stay off until the command line asks for them. */
import { Fault, nearest } from "@rondo/core";

/** Every gate by its id, which is the Collector's; all are off unless they are asked for. */
const GATES = [
  // Pipelines of profiles.
  "service.profilesSupport",
] as const;

/** The id of a gate. */
export type FeatureGate = (typeof GATES)[number];

/** The gates that are on. */
export type FeatureGates = ReadonlySet<FeatureGate>;

/**
 * Reads the values of `--feature-gates`, in order: ids with commas between them, `-` before one that is to be off, `+` or nothing
 * before one that is to be on; the last word on a gate counts (Collector: featuregate/flag.go). Throws a `config` Fault that names
 * an id which is none.
 */
export function readFeatureGates(written: readonly string[]): FeatureGates {
  const on = new Set<FeatureGate>();
  for (const word of written.flatMap((list) => (list === "" ? [] : list.split(",")))) {
    const id = word.replace(/^[+-]/, "");
    const gate = GATES.find((one) => one === id);
    if (gate === undefined) throw new Fault("config", `--feature-gates: no such feature gate "${id}"${wayOut(id)}`);
    if (word.startsWith("-")) on.delete(gate);
    else on.add(gate);
  }
  return on;
}

function wayOut(id: string): string {
  const near = nearest(id, GATES);
  return near === undefined ? `; valid gates: ${GATES.join(", ")}` : `; did you mean ${near}?`;
}
