/** A Kafka as a process of Rondo opens it, for tests that write to its log or read it. */
import type { Broker } from "@rondo/broker";
import { openKafka } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";

/** Opens the log on these brokers; whoever asked for it closes it. */
export function openLog(brokers: readonly string[]): Promise<Broker> {
  const around = { clock: systemClock, log: silentLog, random: Math.random };
  return openKafka({ brokers, clientId: "rondo/test/rig/0", ...around });
}
