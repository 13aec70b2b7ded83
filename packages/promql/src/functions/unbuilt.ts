/** Functions that Prometheus has and this engine not yet: a rule with one is refused when it is loaded. */
import type { PromqlFunction } from "./function-type.ts";

/** Functions without a body. */
export const UNBUILT_FUNCTIONS: readonly PromqlFunction[] = [
  {
    name: "start_timestamp",
    doc: "When the counter of each sample started, seconds since the epoch.",
    args: ["vector"],
    result: "vector",
    experimental: true,
    run: { kind: "unbuilt" },
  },
];
