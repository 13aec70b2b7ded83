/** Adds up the ledgers of a run: what was sent, what was acknowledged, what each exporter delivered and how often. */
import type { Signal } from "@rondo/otlp";
import type { Delivered } from "./account.ts";
import { Order } from "./order.ts";

interface Fate {
  readonly stamp: string;
  acked: boolean;
  /** Times delivered, by exporter. */
  readonly delivered: Map<string, number>;
  /** The exporters whose backends refused it for good. */
  readonly refused: Set<string>;
  /** The exporters among whose dead letters it stands. */
  readonly aside: Set<string>;
}

interface Counts {
  traces: number;
  metrics: number;
  logs: number;
}

/** What is wrong and what is known after the lines read so far. */
export interface Findings {
  readonly sent: number;
  readonly acked: number;
  /** Different items delivered, by exporter and signal. */
  readonly delivered: Delivered;
  /** Items that a backend refused for good and never took, by exporter and signal. */
  readonly refused: Delivered;
  /** Deliveries beyond the first, by exporter. */
  readonly duplicates: ReadonlyMap<string, number>;
  /** The same by signal. */
  readonly repeats: Delivered;
  /** Acknowledged items that some exporter has not delivered: sentences, at most five, and their number. */
  readonly lost: number;
  /** Delivered items that nobody sent. */
  readonly strangers: number;
  readonly examples: readonly string[];
}

/** Follows a whole run; lines are those of `ledgerLine`. */
export interface Tally {
  sent(line: string): void;
  acked(line: string): void;
  delivered(exporter: string, line: string): void;
  /** A backend said that it will never take it. */
  refused(exporter: string, line: string): void;
  /** It stands among the dead letters of an exporter. */
  setAside(exporter: string, line: string): void;
  findings(): Findings;
  /** Acknowledged items that an exporter has yet to deliver, now; a look that goes on as they are delivered. */
  owedTo(exporter: string): { readonly left: number };
  /**
   * First deliveries since the last call that overtook an earlier request of their service instance, as sentences, at most
   * five. To be called when it is known what was acknowledged: the order of anything else is nobody's promise.
   */
  disorder(): readonly string[];
}

const copyOf = (counts: ReadonlyMap<string, Counts>) =>
  new Map([...counts].map(([name, { traces, metrics, logs }]) => [name, { traces, metrics, logs }]));

/**
 * A tally for these exporters. With `letters`, what a backend refused for good is owed until it stands among the dead letters;
 * otherwise the backend's word is enough.
 */
export function openTally(exporters: readonly string[], letters = false): Tally {
  const fates = new Map<string, Fate>();
  const distinct = new Map<string, Counts>(exporters.map((name) => [name, { traces: 0, metrics: 0, logs: 0 }]));
  const repeats = new Map<string, Counts>(exporters.map((name) => [name, { traces: 0, metrics: 0, logs: 0 }]));
  const refused = new Map<string, Counts>(exporters.map((name) => [name, { traces: 0, metrics: 0, logs: 0 }]));
  /** Acknowledged items still to be delivered, by exporter; keeps a check from walking the whole run. */
  const owed = new Map<string, Set<string>>(exporters.map((name) => [name, new Set()]));
  const order = new Order();
  let strangers = 0;
  let acked = 0;
  const strange: string[] = [];

  const parse = (line: string) => {
    const [signal, identity, stamp] = line.split(" ");
    if (
      (signal !== "traces" && signal !== "metrics" && signal !== "logs") ||
      identity === undefined ||
      stamp === undefined
    )
      throw new Error(`not a line of a ledger: ${line}`);
    const known: Signal = signal;
    return { signal: known, key: `${signal} ${identity} ${stamp}`, stamp };
  };

  return {
    sent(line) {
      const { key, stamp } = parse(line);
      if (fates.has(key)) throw new Error(`the generator sent ${key} twice`);
      fates.set(key, { stamp, acked: false, delivered: new Map(), refused: new Set(), aside: new Set() });
    },
    acked(line) {
      const { key } = parse(line);
      const fate = fates.get(key);
      if (fate === undefined) throw new Error(`acknowledged and never sent: ${key}`);
      if (fate.acked) return;
      fate.acked = true;
      acked++;
      for (const [exporter, items] of owed) {
        if (!fate.delivered.has(exporter) && !(letters ? fate.aside : fate.refused).has(exporter)) items.add(key);
      }
    },
    delivered(exporter, line) {
      const { key, signal } = parse(line);
      const fate = fates.get(key);
      if (fate === undefined) {
        strangers++;
        if (strange.length < 5) strange.push(`${exporter} delivered ${key}, which nobody sent`);
        return;
      }
      const before = fate.delivered.get(exporter) ?? 0;
      fate.delivered.set(exporter, before + 1);
      owed.get(exporter)?.delete(key);
      const counts = (before > 0 ? repeats : distinct).get(exporter);
      if (counts !== undefined) counts[signal]++;
      const gaveUp = refused.get(exporter);
      if (before === 0 && fate.refused.has(exporter) && gaveUp !== undefined) gaveUp[signal]--;
      if (before === 0) order.delivered(exporter, signal, fate);
    },
    refused(exporter, line) {
      const { key, signal } = parse(line);
      const fate = fates.get(key);
      const counts = refused.get(exporter);
      if (fate === undefined || counts === undefined) {
        strangers++;
        if (strange.length < 5) strange.push(`${exporter} was to refuse ${key}, which nobody sent`);
        return;
      }
      if (fate.refused.has(exporter)) return;
      fate.refused.add(exporter);
      if (!letters) owed.get(exporter)?.delete(key);
      if (!fate.delivered.has(exporter)) counts[signal]++;
    },
    setAside(exporter, line) {
      const { key } = parse(line);
      const fate = fates.get(key);
      if (fate?.refused.has(exporter) !== true) {
        strangers++;
        if (strange.length < 5) strange.push(`${key} was set aside for ${exporter}, which never refused it`);
      }
      fate?.aside.add(exporter);
      owed.get(exporter)?.delete(key);
    },
    disorder: () => order.settle(),
    owedTo(exporter) {
      const all = owed.get(exporter);
      const then = new Set(all);
      return {
        get left() {
          for (const key of then) if (all?.has(key) !== true) then.delete(key);
          return then.size;
        },
      };
    },
    findings() {
      const missing = [...owed].flatMap(([exporter, keys]) =>
        [...keys].slice(0, 5).map((key) => `${exporter} never delivered ${key}`),
      );
      return {
        sent: fates.size,
        acked,
        delivered: copyOf(distinct),
        refused: copyOf(refused),
        repeats: copyOf(repeats),
        duplicates: new Map([...repeats].map(([name, { traces, metrics, logs }]) => [name, traces + metrics + logs])),
        lost: [...owed.values()].reduce((sum, keys) => sum + keys.size, 0),
        strangers,
        examples: [...strange, ...missing].slice(0, 5),
      };
    },
  };
}
