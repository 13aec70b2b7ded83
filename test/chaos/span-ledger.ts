/**
 * A ledger for more spans than can be written down one by one: in memory, by request. It knows what was acknowledged, what came,
 * how often, and in which order each service instance's requests came first.
 */
import { decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { STAMP_KEY } from "./identity.ts";
import { Order } from "./order.ts";

interface Sent {
  readonly stamp: string;
  /** How often each of its spans was delivered. */
  readonly times: Uint8Array;
  acked: boolean;
}

/** What came of everything so far. */
export interface SpanFindings {
  /** Spans, in requests that were acknowledged. */
  readonly acked: number;
  /** Different spans that were delivered. */
  readonly delivered: number;
  /** Deliveries beyond the first. */
  readonly repeated: number;
  /** Empty when everything acknowledged was delivered, nothing else was, and requests came in order. */
  readonly problems: readonly string[];
}

/** The spans of a run; a request is known by the number of its first span. */
export class SpanLedger {
  readonly #sent = new Map<number, Sent>();
  readonly #order = new Order();
  readonly #disorder: string[] = [];
  #delivered = 0;
  #repeated = 0;
  #strangers = 0;

  /** A request is about to be sent. */
  sent(instance: number, first: number, spans: number): void {
    this.#sent.set(first, { stamp: `0:${instance}:${first}:${first}`, times: new Uint8Array(spans), acked: false });
  }

  /** It was answered with yes. */
  acked(first: number): void {
    const sent = this.#sent.get(first);
    if (sent !== undefined) sent.acked = true;
  }

  /** A backend got a request; answers the service instances that are in it. */
  delivered(exporter: string, body: Uint8Array): ReadonlySet<number> {
    const instances = new Set<number>();
    for (const { item } of decodedItems("traces", decodeRequest("traces", body))) {
      const stamp = item.attributes.find(({ key }) => key === STAMP_KEY)?.value?.stringValue ?? "";
      const [, instance = 0, first = -1, number = -1] = stamp.split(":").map(Number);
      instances.add(instance);
      this.#take(exporter, this.#sent.get(first), number - first);
    }
    return instances;
  }

  #take(exporter: string, sent: Sent | undefined, index: number): void {
    const before = sent?.times[index];
    if (sent === undefined || before === undefined) {
      this.#strangers++;
      return;
    }
    if (sent.times.every((times) => times === 0)) this.#order.delivered(exporter, "traces", sent);
    sent.times[index] = before + 1;
    if (before === 0) this.#delivered++;
    else this.#repeated++;
  }

  /** To be asked when nothing is on its way any more. */
  findings(): SpanFindings {
    const acked = [...this.#sent.values()].filter((one) => one.acked);
    const missing = acked.flatMap(({ times }) => [...times]).filter((times) => times === 0).length;
    this.#disorder.push(...this.#order.settle());
    return {
      acked: acked.reduce((sum, { times }) => sum + times.length, 0),
      delivered: this.#delivered,
      repeated: this.#repeated,
      problems: [
        ...(missing > 0 ? [`${missing} acknowledged spans were not delivered`] : []),
        ...(this.#strangers > 0 ? [`${this.#strangers} spans were delivered that nobody sent`] : []),
        ...this.#disorder,
      ],
    };
  }
}
