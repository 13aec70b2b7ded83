/**
 * `consume`: a member of a consumer group on an enriched topic. At least once: a batch is handed over until it is acknowledged,
 * by whichever member of the group has its partition; what was acknowledged and committed is not handed over again.
 */
import { describeLoss } from "@rondo/broker";
import { openReader } from "@rondo/broker/kafka";
import { type Clock, Fault, fired, silentLog, systemClock } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import { type ConsumeOptions, checkOptions } from "./consume-options.ts";
import type { ConsumedBatch } from "./consumed-batch.ts";
import { Handoff } from "./handoff.ts";
import { Membership } from "./membership.ts";
import { PartitionReader } from "./partition-reader.ts";

/** A running consumer. Iterating it takes batches one after another; it ends when the consumer is closed. */
export interface Consumer<S extends Signal = Signal> extends AsyncIterable<ConsumedBatch<S>>, AsyncDisposable {
  /** Resolves when it is a member of its group for the first time; rejects with an `aborted` Fault when it was closed before. */
  readonly joined: Promise<void>;
  /** Reads nothing more, waits for what is in hand, up to `closeTimeoutMs`, commits what is acknowledged, and leaves the group. */
  close(): Promise<void>;
}

/** What one partition may have in hand, bytes, however many there are: less than a record would not be faster. */
const LEAST_SHARE = 256 << 10;

/**
 * Starts a consumer. It connects by itself, now or when Kafka can be reached, and goes on after every loss of it; what is in its
 * way is told to `onFault`. Throws a `config` Fault for options that cannot be.
 */
export function consume<const S extends Signal>(options: ConsumeOptions<S>): Consumer<S> {
  return consumeBy(systemClock, options);
}

/** `consume` by a clock of the caller's. */
export function consumeBy<S extends Signal>(clock: Clock, options: ConsumeOptions<S>): Consumer<S> {
  const { topic, signal, inFlightBytes, sessionMs, closeMs, retry, isManual } = checkOptions(options);
  const { group, brokers, tls, sasl, log = silentLog, clientId = group, start = "latest" } = options;
  const { onFault = () => undefined, onPartition = () => undefined } = options;
  const reader = openReader({
    ...{ brokers, clientId, clock, log },
    ...{ sessionMs, heartbeatMs: Math.ceil(sessionMs / 12), rebalanceMs: sessionMs },
    ...(tls !== undefined && { ssl: tls }),
    ...(sasl !== undefined && { sasl }),
  });
  const spec = { group, topic };
  const readers = new Map<number, PartitionReader<S>>();
  const giveUp = new AbortController();
  const handoff = new Handoff<ConsumedBatch<S>>();
  const onBatch = options.onBatch ?? ((batch: ConsumedBatch<S>) => handoff.give(batch, batch.revoked));
  const common = { spec, signal, start, positions: reader, onBatch, isManual, retry, clock, onFault, onPartition };
  const join = async (failed: (fault: Error) => void) => {
    const share = Math.max(LEAST_SHARE, Math.floor(inFlightBytes / (await reader.partitions(topic))));
    return await reader.join(spec, {
      onFailure: failed,
      onLoss: (loss) => onFault(new Fault("not_found", describeLoss(loss))),
      note: (partition) => readers.get(partition)?.note(),
      async onClaim(claim) {
        const { partition } = claim;
        const own = new PartitionReader(claim, { ...common, inFlightBytes: share, giveUp: giveUp.signal });
        readers.set(partition, own);
        try {
          await own.run();
        } finally {
          readers.delete(partition);
        }
      },
    });
  };
  const membership = new Membership({ clock, join, onFault });
  let closing: Promise<void> | undefined;
  const closeAll = async () => {
    const cancel = clock.after(closeMs, () => giveUp.abort());
    try {
      await Promise.race([membership.leave(), fired(giveUp.signal)]);
    } finally {
      cancel();
      handoff.end();
      await reader.close();
    }
  };
  const close = () => {
    closing ??= closeAll();
    return closing;
  };
  return {
    joined: membership.joined,
    close,
    [Symbol.asyncDispose]: close,
    [Symbol.asyncIterator]: () => handoff.take(),
  };
}
