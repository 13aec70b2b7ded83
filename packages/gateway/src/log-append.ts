/**
 * Appends to the log as clients may hear of it: what is wrong with the log – a disk's path, a broker's address – is for the log of
 * this process, and a client learns only that later will do.
 */
import type { Broker } from "@rondo/broker";
import { type Clock, Fault, type FaultCode, type Log } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import type { Append } from "./batcher.ts";

const WORDS: Partial<Record<FaultCode, string>> = {
  disk_full: "the log has no room for the request",
  too_large: "the log takes no record as large as the request",
};

/** What appends for the batcher. Rejects with a Fault of the log's code; the first of a kind of trouble is logged, then one in 30 s. */
export function logAppend(broker: Pick<Broker, "append">, log: Log, clock: Clock): Append {
  const trouble = new Recurring(log, clock);
  return async (topic, partition, records) => {
    try {
      const appended = await broker.append(topic, partition, records);
      trouble.over("the log takes requests again");
      return appended;
    } catch (thrown) {
      const fault = Fault.from(thrown, "unavailable");
      trouble.happened("the log does not take requests; their clients are told", { topic, partition, fault });
      throw new Fault(fault.code, WORDS[fault.code] ?? "the log does not take requests at present", { cause: fault });
    }
  };
}
