/** Turns readiness off while Kafka cannot be asked, whatever the role: nothing that it takes becomes durable, and nothing goes out. */
import type { Broker } from "@rondo/broker";
import { type Clock, Fault, type Log, sleep } from "@rondo/core";
import type { Readiness } from "@rondo/monitor";

/** How often Kafka is asked, milliseconds. */
export const ASK_MS = 5_000;
/** How long it may be silent, milliseconds: a leader that moves or a broker that restarts is back by then. */
export const SILENT_MS = 15_000;

/** What is watched, and who is told. */
export interface LogWatchOptions {
  readonly broker: Pick<Broker, "ranges">;
  /** A topic that the role needs. */
  readonly topic: string;
  /** The condition, such as `Kafka at k1:9092`. */
  readonly name: string;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly log: Log;
}

/** Asks until `stop` fires. */
export async function watchLog(options: LogWatchOptions, stop: AbortSignal): Promise<void> {
  const { broker, topic, name, readiness, clock, log } = options;
  let answeredAt = clock.monotonic();
  let silentSince = clock.now();
  let isLost = false;
  while (!stop.aborted) {
    await sleep(clock, ASK_MS, stop);
    if (stop.aborted) return;
    const askedAt = clock.now();
    try {
      await broker.ranges([topic]);
      answeredAt = clock.monotonic();
      silentSince = askedAt;
      if (isLost) log.info(`${name} answers again`);
      if (isLost) readiness.holds(name);
      isLost = false;
    } catch (thrown) {
      if (clock.monotonic() - answeredAt < SILENT_MS) continue;
      const fault = Fault.from(thrown);
      if (!isLost) log.error(`${name} cannot be reached`, { fault });
      isLost = true;
      readiness.lacks(name, `an answer, since ${new Date(silentSince).toISOString()}: ${fault.message}`);
    }
  }
}
