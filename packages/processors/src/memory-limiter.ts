/**
 * `memory_limiter`: how much memory data in flight may take. It never drops (rules of the log 10): receivers of its pipeline
 * refuse what would exceed the soft limit, with an answer that clients repeat, and workers stop reading ahead.
 */
import { defineProcessor, duration, integer, type Place, type ValuesOf } from "@rondo/core";
import { CARRIED } from "@rondo/otlp";

const MIB = 1 << 20;
const UINT32 = { max: 4_294_967_295 };

/** A spike limit that is not given is this share of the limit, as in the Collector. */
const DEFAULT_SPIKE_DIVISOR = 5;

const fields = {
  check_interval: duration("How often memory is measured; must be set, above 0.", "0s"),
  limit_mib: integer("Hard limit in MiB. Wins over limit_percentage. 0 is not set.", 0, UINT32),
  spike_limit_mib: integer("How far below the hard limit refusing begins, in MiB; 0 is 20 % of it.", 0, UINT32),
  limit_percentage: integer("Hard limit in percent of the memory that the process may use. 0 is not set.", 0, UINT32),
  spike_limit_percentage: integer("As spike_limit_mib, in percent of that memory.", 0, UINT32),
  min_gc_interval_when_soft_limited: duration("Accepted; Node collects garbage by itself.", "10s"),
  min_gc_interval_when_hard_limited: duration("Accepted; Node collects garbage by itself.", "0s"),
  max_gc_interval_when_soft_limited: duration("Accepted; Node collects garbage by itself.", "30s"),
  max_gc_interval_when_hard_limited: duration("Accepted; Node collects garbage by itself.", "30s"),
};

/** What `memoryLimiter.fields` parses to. */
export type MemoryLimiterValues = ValuesOf<typeof fields>;

/** The Collector's memory_limiter processor. State none: what reaches it, it passes on. */
export const memoryLimiter = defineProcessor({
  type: "memory_limiter",
  summary:
    "Bounds memory: receivers of the pipeline refuse above the limit, less the spike limit, and clients send again; workers " +
    "read no further ahead. Nothing is dropped.",
  signals: CARRIED,
  state: "none",
  drops: [],
  fields,
  check,
  create: () => ({ process: ({ items, body }) => ({ parts: [{ items, body }] }) }),
});

/** The Collector's rules; unlike it, all that are broken show at once. */
function check(values: MemoryLimiterValues, place: Place): void {
  const { limit_mib, spike_limit_mib, limit_percentage, spike_limit_percentage } = values;
  if (values.check_interval <= 0) place.at("check_interval").problem("must be set, above 0, such as 1s");
  if (values.min_gc_interval_when_soft_limited < values.min_gc_interval_when_hard_limited) {
    place.at("min_gc_interval_when_soft_limited").problem("must not be below min_gc_interval_when_hard_limited");
  }
  if (limit_mib === 0 && limit_percentage === 0) place.problem("needs limit_mib or limit_percentage, above 0");
  for (const [key, percentage] of Object.entries({ limit_percentage, spike_limit_percentage })) {
    if (percentage > 100) place.at(key).problem(`must be at most 100, but is ${percentage}`);
  }
  if (limit_mib > 0 && spike_limit_mib >= limit_mib) {
    place.at("spike_limit_mib").problem(`must be below limit_mib (${limit_mib}), but is ${spike_limit_mib}`);
  }
  if (limit_percentage > 0 && spike_limit_percentage >= limit_percentage) {
    const limit = `limit_percentage (${limit_percentage})`;
    place.at("spike_limit_percentage").problem(`must be below ${limit}, but is ${spike_limit_percentage}`);
  }
}

/** Two thresholds of anonymous memory, in bytes. */
export interface MemoryLimits {
  /** What the process is meant never to exceed. */
  readonly hardBytes: number;
  /** From here on receivers refuse. */
  readonly softBytes: number;
}

/**
 * The limits that a memory_limiter sets. `values` are what `memoryLimiter.fields` parsed and its check passed;
 * `totalMemoryBytes` is what the process may use, for limits in percent.
 */
export function limitsOf(values: unknown, totalMemoryBytes: number): MemoryLimits {
  // A graph forgets the type of its values; whoever holds values of this type got them from the fields above.
  const given = values as MemoryLimiterValues;
  const inMib = given.limit_mib > 0;
  const percent = (share: number) => Math.floor((share * totalMemoryBytes) / 100);
  const hardBytes = inMib ? given.limit_mib * MIB : percent(given.limit_percentage);
  const spike = inMib ? given.spike_limit_mib * MIB : percent(given.spike_limit_percentage);
  return { hardBytes, softBytes: hardBytes - (spike > 0 ? spike : Math.floor(hardBytes / DEFAULT_SPIKE_DIVISOR)) };
}
