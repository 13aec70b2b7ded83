/** The closing comparison: what was sent, by the file, against what a destination holds, by its own account. */
import { ITEM_NAMES, SIGNALS, type Signal } from "@rondo/otlp";
import type { Held, Holdings } from "./holdings.ts";

/** How one destination's ids of one signal differ from the expected ones. */
export interface Difference {
  /** Items that did not arrive. */
  readonly missing: number;
  /** Items that arrived and were never sent. */
  readonly unexpected: number;
  /** Items that arrived more often than they were sent: what at-least-once delivery may repeat. */
  readonly duplicated: number;
  /** Items that arrived; repeats and unexpected ones included. */
  readonly arrived: number;
  /** A few of the ids that differ, each with what it is called and what is wrong. */
  readonly examples: readonly string[];
}

/** Examples kept of one difference. */
const MAX_EXAMPLES = 5;

/** Compares as multisets: an id that was sent twice must arrive twice. */
export function compareIds(expected: Iterable<Held>, received: Iterable<Held>): Difference {
  const open = new Map<string, Held>();
  for (const one of expected) open.set(one.id, one);
  let [missing, unexpected, duplicated, arrived] = [0, 0, 0, 0];
  const examples: string[] = [];
  const note = (what: string, { id, name }: Held) => {
    if (examples.length < MAX_EXAMPLES) examples.push(`${what} ${id}${name === "" ? "" : ` "${name}"`}`);
  };
  for (const one of received) {
    arrived += one.count;
    const sent = open.get(one.id);
    open.delete(one.id);
    if (sent === undefined) {
      unexpected += one.count;
      note("unexpected", one);
    } else if (one.count < sent.count) {
      missing += sent.count - one.count;
      note("missing", one);
    } else if (one.count > sent.count) {
      duplicated += one.count - sent.count;
      note("repeated", one);
    }
  }
  for (const one of open.values()) {
    missing += one.count;
    note("missing", one);
  }
  return { missing, unexpected, duplicated, arrived, examples };
}

/** One destination and what it holds of one signal. */
export interface Destination {
  /** Such as `otlp/tempo`. */
  readonly name: string;
  readonly signal: Signal;
  readonly held: readonly Held[];
}

/** The closing comparison of a run. */
export interface Closing {
  /** Every destination holds every id that was sent of its signal, and nothing else; repeats are allowed. */
  readonly equal: boolean;
  /** The closing line first, then one line for each difference. */
  readonly lines: readonly string[];
}

/** What the process under test says of itself, for the end of the closing line. */
export interface ClosingCounts {
  readonly dropped: number;
  readonly inFlight: number;
}

/** Compares every destination with what was sent. `counts` are printed and decide nothing. */
export function closing(expected: Holdings, destinations: readonly Destination[], counts: ClosingCounts): Closing {
  const compared = destinations.map(({ name, signal, held }) => ({
    name,
    signal,
    ...compareIds(expected.held(signal), held),
  }));
  const wrong = compared.filter(({ missing, unexpected }) => missing + unexpected > 0);
  const repeated = compared.reduce((sum, { duplicated }) => sum + duplicated, 0);
  const sent = SIGNALS.map((signal) => `${expected.count(signal).items} ${ITEM_NAMES[signal]}`).join(", ");
  const reached = compared.map(({ name, arrived }) => `${name} ${arrived}`).join(", ");
  const verdict =
    compared.length === 0
      ? "there was no exporter to compare with"
      : wrong.length === 0
        ? `every exporter received the same ids (${reached})`
        : `${wrong.length} of ${compared.length} exporters received other ids (${reached})`;
  const tail = `${repeated === 0 ? "" : `, ${repeated} repeated`}, dropped ${counts.dropped}, in flight ${counts.inFlight}`;
  return {
    equal: wrong.length === 0 && compared.length > 0,
    lines: [`${sent} sent; ${verdict}${tail}`, ...compared.flatMap(differenceLines)],
  };
}

/** Nothing for a destination that holds exactly what was sent. */
function differenceLines(one: Difference & { readonly name: string; readonly signal: Signal }): string[] {
  const { name, signal, missing, unexpected, duplicated, examples } = one;
  if (missing + unexpected + duplicated === 0) return [];
  const counts = [
    ...(missing === 0 ? [] : [`${missing} missing`]),
    ...(unexpected === 0 ? [] : [`${unexpected} unexpected`]),
    ...(duplicated === 0 ? [] : [`${duplicated} repeated`]),
  ];
  return [`${name}: ${ITEM_NAMES[signal]}: ${counts.join(", ")}: ${examples.join("; ")}`];
}
