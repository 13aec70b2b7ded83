/** Whether the items of a service instance were first delivered in the order in which its client got its answers. */
import type { Signal } from "@rondo/otlp";

/** An item that is delivered, as far as its order goes; `acked` may still become true. */
export interface Ordered {
  /** `round:instance:request:number`. */
  readonly stamp: string;
  readonly acked: boolean;
}

interface Lane {
  readonly name: string;
  /** In the order of their delivery. */
  waiting: Ordered[];
  /** Round and request of the newest that is settled. */
  newest: readonly [number, number];
}

const EXAMPLES = 5;

/**
 * Keeps first deliveries until it is settled which of them were acknowledged. A client that waits for each answer has sent
 * request n + 1 only when n was in the log, so n comes first everywhere; what had no answer may have come at any time.
 */
export class Order {
  readonly #lanes = new Map<string, Lane>();

  /** An exporter delivered an item for the first time. */
  delivered(exporter: string, signal: Signal, item: Ordered): void {
    const [, instance = ""] = item.stamp.split(":");
    const name = `${exporter} delivered the ${signal} of instance ${instance} out of order`;
    const lane = this.#lanes.get(name) ?? { name, waiting: [], newest: [-1, -1] };
    this.#lanes.set(name, lane);
    lane.waiting.push(item);
  }

  /** What overtook what among the acknowledged items since the last call, as sentences. */
  settle(): readonly string[] {
    const problems: string[] = [];
    for (const lane of this.#lanes.values()) {
      for (const { stamp } of lane.waiting.filter(({ acked }) => acked)) {
        const [round = 0, , request = 0] = stamp.split(":").map(Number);
        const [lastRound, lastRequest] = lane.newest;
        if (round > lastRound || (round === lastRound && request >= lastRequest)) lane.newest = [round, request];
        else problems.push(`${lane.name}: ${round}:${request} came after ${lastRound}:${lastRequest}`);
      }
      lane.waiting = [];
    }
    return problems.slice(0, EXAMPLES);
  }
}
