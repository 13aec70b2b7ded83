/** The keys that every sending exporter shares (the Collector's exporterhelper), with their defaults, in one place. */
import {
  type Accumulation,
  type Batch,
  choice,
  decimal,
  duration,
  type Exporter,
  type Field,
  field,
  flag,
  group,
  idleKey,
  integer,
  type Log,
  list,
  type MetadataNeed,
  map,
  optional,
  type RetryPolicy,
  type Secret,
  type Surroundings,
  secret,
  text,
  type ValuesOf,
  type Verdict,
} from "@rondo/core";
import { Recurring } from "@rondo/delivery";

const RETRIES =
  "How a request that failed for now is repeated. Rondo repeats until the backend has settled it: what was accepted waits in " +
  "the log for as long as the log keeps it.";

/** `retry_on_failure` with the first wait that an exporter has by default. */
export const retryOnFailureFrom = (firstWait: string) =>
  group(RETRIES, {
    enabled: field(
      "true or false",
      "Rondo always retries: giving up would lose what was accepted.",
      (raw, place) => {
        if (raw === false || raw === "false") place.warn("has no effect: giving up would lose what was accepted");
        else if (raw !== true && raw !== "true") place.problem("must be true or false");
        return true;
      },
      { value: true },
    ),
    initial_interval: duration("The first wait.", firstWait),
    randomization_factor: decimal("The share by which each wait may differ.", 0.5, { min: 0, max: 1 }),
    multiplier: decimal("What the wait grows by after each failure.", 1.5, { min: 1, max: 1_000 }),
    max_interval: duration("Where the wait stops growing.", "30s"),
    max_elapsed_time: idleKey(
      "The Collector drops a request after this time (300s); Rondo does not.",
      "a request is repeated until the backend has settled it",
    ),
  });

/** `retry_on_failure` as most exporters have it. */
export const retryOnFailure = retryOnFailureFrom("5s");

/** The back-off that `retry_on_failure` describes. A first wait of 0 would be a busy loop. */
export function retryPolicyOf(values: ValuesOf<{ retry: typeof retryOnFailure }>["retry"]): RetryPolicy {
  const maxMs = Math.max(values.max_interval, SHORTEST_WAIT_MS);
  return {
    initialMs: Math.min(Math.max(values.initial_interval, SHORTEST_WAIT_MS), maxMs),
    multiplier: values.multiplier,
    maxMs,
    randomization: values.randomization_factor,
  };
}

/** The least wait between two tries, milliseconds, whatever is configured. */
const SHORTEST_WAIT_MS = 10;

/** Bytes of one request by default: below the 4 MiB that gRPC servers take, with room for framing. */
const REQUEST_BYTES = 3_670_016;

const QUEUE =
  "The Collector's queue in front of the exporter. Rondo's queue is its log, which outlives the process and needs no size; " +
  "only `batch` has an effect.";

/** Null, not the Collector's default: only what someone has set can be said to have no effect. */
const asQueue = <T>(inner: Field<T>): Field<T | null> => optional(inner);

/** `sending_queue`. */
export const sendingQueue = group(QUEUE, {
  enabled: asQueue(flag("Accepted; the log is always there.")),
  queue_size: asQueue(integer("Accepted; the log has no size in requests.")),
  num_consumers: asQueue(
    integer("Accepted; one request a partition and tenant is in flight, which keeps their order."),
  ),
  block_on_overflow: asQueue(flag("Accepted; the log does not overflow.")),
  wait_for_result: asQueue(flag("Accepted; a client is answered when its data is durable.")),
  sizer: asQueue(choice("Accepted; see queue_size.", ["requests", "items", "bytes"])),
  storage: asQueue(text("Accepted; the log is on disk.")),
  batch: optional(
    group("Joins requests. Overrides the pipeline's batch processor.", {
      flush_timeout: duration("The longest wait for company.", "200ms"),
      min_size: integer("Send as soon as this many items wait.", 8192),
      max_size: integer("Most items of one request; with sizer bytes, most bytes. 0 is no bound of its own.", 0),
      sizer: choice("What max_size counts. Waiting always counts items.", ["items", "bytes"], "items"),
      partition: optional(
        group("What keeps requests apart, besides tenant and signal.", {
          metadata_keys: list(
            "Client metadata by whose values requests are kept apart; case does not matter. The receiver needs include_metadata.",
            text("A key."),
            [],
          ),
        }),
      ),
    }),
  ),
});

type Queue = ValuesOf<{ queue: typeof sendingQueue }>["queue"];

/** How `sending_queue.batch` joins requests; undefined leaves it to the pipeline. */
export function accumulationOf({ batch }: Queue): Accumulation | undefined {
  if (batch === null) return undefined;
  const { flush_timeout: waitMs, min_size: minItems, max_size: max, sizer } = batch;
  if (sizer === "items") return { waitMs, minItems, maxItems: max, maxBytes: REQUEST_BYTES };
  return { waitMs, minItems, maxItems: 0, maxBytes: max === 0 ? REQUEST_BYTES : max };
}

/** The client metadata by which `sending_queue.batch` keeps requests apart. */
export function metadataOf({ sending_queue: { batch } }: { readonly sending_queue: Queue }): MetadataNeed {
  return { keys: (batch?.partition?.metadata_keys ?? []).map((key) => key.toLowerCase()), sent: true };
}

/** Says once which keys of `sending_queue` were set and have no effect. */
export function noteQueue(queue: Queue, log: Log): void {
  const { batch: _, ...idle } = queue;
  const keys = Object.entries(idle).flatMap(([key, value]) => (value === null ? [] : [key]));
  if (keys.length > 0) log.info("these sending_queue keys have no effect: the queue is Rondo's log", { keys });
}

/** `headers`: sent with every request; values are secrets, since most of them are. */
export const headers = map(
  "Sent with every request. Values are never printed.",
  secret("A header's value."),
  new Map<string, Secret>(),
);

/** The algorithms that `compression` may name in the Collector; what cannot be sent by this exporter is refused. */
export function compression<const T extends string>(built: readonly T[]): Field<T | "none"> {
  return field(
    [...built, "none"].join(" | "),
    "How request bodies are compressed.",
    (raw, place) => {
      if (raw === "none" || raw === "") return "none";
      // Also of what the Collector knows and this exporter does not: sending it plain would be a silent change.
      const found = built.find((one) => one === raw);
      if (found === undefined) place.problem(`must be one of ${[...built, "none"].join(", ")}`);
      return found;
    },
    // Every exporter that compresses knows gzip, the one algorithm that OTLP demands of servers.
    { value: "gzip" as T, text: "gzip" },
  );
}

/** What a sending exporter's values have in common. */
type SendingValues = ValuesOf<{
  timeout: Field<number>;
  retry_on_failure: typeof retryOnFailure;
  sending_queue: typeof sendingQueue;
}>;

/** The protocol's part of a sending exporter: one try, and the end of its connections. */
interface Sender {
  send(batch: Batch, abort: AbortSignal): Promise<Verdict>;
  close(): Promise<void>;
}

/** Makes an exporter of a sender: what the shared keys say stands around it. `makeSender` gets where its troubles are told. */
export function sendingExporter(
  values: SendingValues,
  { log, clock }: Surroundings,
  makeSender: (trouble: Recurring) => Sender,
): Exporter {
  const accumulation = accumulationOf(values.sending_queue);
  noteQueue(values.sending_queue, log);
  const sender = makeSender(new Recurring(log, clock));
  return {
    deliver: (batch, abort) => sender.send(batch, abort),
    timeoutMs: values.timeout,
    retry: retryPolicyOf(values.retry_on_failure),
    ...(accumulation && { accumulation }),
    close: () => sender.close(),
  };
}
