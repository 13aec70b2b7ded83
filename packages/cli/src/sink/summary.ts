/** What a sink tells the person who watches it: its addresses, what arrived in the last second, and the sum at the end. */
import { ITEM_NAMES, SIGNALS, type Signal } from "@rondo/otlp";
import { showBehaviour } from "./behaviour.ts";
import type { Count } from "./holdings.ts";
import type { ListenerStatus, SinkStatus } from "./status.ts";

/** One line for each address: what to point an exporter at. `status` is the status API's address. */
export function addressLines({ listeners }: SinkStatus, status: string | undefined): string[] {
  const lines = listeners.flatMap(({ name, grpc, http }) => [
    ...(grpc === undefined ? [] : [`listening ${name} grpc ${grpc}`]),
    ...(http === undefined ? [] : [`listening ${name} http ${http}`]),
  ]);
  return status === undefined ? lines : [...lines, `status ${status}`];
}

/** What arrived between two looks: `otlp/tempo +120 spans (120 new)`; undefined when nothing did. */
export function arrivalLine(before: SinkStatus, after: SinkStatus): string | undefined {
  const parts = after.listeners.flatMap(({ name, counts }) => {
    const earlier = before.listeners.find((one) => one.name === name);
    return SIGNALS.flatMap((signal) => {
      const items = counts[signal].items - (earlier?.counts[signal].items ?? 0);
      const ids = counts[signal].ids - (earlier?.counts[signal].ids ?? 0);
      return items <= 0 ? [] : [`${name} +${items} ${ITEM_NAMES[signal]}${ids === items ? "" : ` (${ids} new)`}`];
    });
  });
  return parts.length === 0 ? undefined : parts.join(", ");
}

/** One line a listener: everything that it received. */
export function summaryLines({ listeners }: SinkStatus): string[] {
  const width = Math.max(...listeners.map(({ name }) => name.length));
  return listeners.map((one) => `${one.name.padEnd(width)}  ${received(one)}${behaving(one)}`);
}

/** Only the signals that came: an exporter of one pipeline would otherwise drag two zeros along. */
function received({ counts }: ListenerStatus): string {
  const parts = SIGNALS.filter((signal) => counts[signal].items > 0).map((signal) => countText(signal, counts[signal]));
  return parts.length === 0 ? "nothing arrived" : parts.join(", ");
}

/** `271 spans (271 ids, 3 repeated)`: ids and repeats apart, since at-least-once delivery may repeat. */
function countText(signal: Signal, { items, ids, duplicates, overflow }: Count): string {
  const repeats = duplicates === 0 ? "" : `, ${duplicates} repeated`;
  const beyond = overflow === 0 ? "" : `, ${overflow} beyond --max-ids`;
  return `${items} ${ITEM_NAMES[signal]} (${ids} ids${repeats}${beyond})`;
}

function behaving({ behaviour }: ListenerStatus): string {
  return behaviour.mode === "ok" ? "" : `; answering ${showBehaviour(behaviour)}`;
}
