/** `rondo dlq drop`: gives dead letters up. They stay in the log until retention takes them, and are never replayed. */
import type { Broker } from "@rondo/broker";
import type { Graph } from "@rondo/config";
import { type LetterFilter, letterPartitions, lettersIn } from "@rondo/worker";
import { loadGraph } from "../load.ts";
import { EXIT } from "../out.ts";
import { filterOf, type LetterAround, type LetterFlags, openToMark } from "./letter-flags.ts";

/** Which letters. */
export interface DropFlags extends LetterFlags {
  /** Whichever they are. */
  readonly all?: boolean;
}

/** Marks letters as dropped, each for its own reason. Returns 0, 2 for a wrong call or configuration; throws Faults of the log. */
export async function dlqDropCommand(flags: DropFlags, around: LetterAround): Promise<number> {
  const { out, clock } = around;
  const filter = filterOf(flags, clock.now());
  if (Object.keys(filter).length === 0 && !flags.all) {
    out.error("rondo dlq drop: say which letters, by --exporter, --reason or the like, or --all");
    return EXIT.usage;
  }
  const graph = await loadGraph(flags, out);
  if (graph === undefined) return EXIT.usage;
  const { broker, close } = await openToMark(graph, flags, around);
  try {
    const { letters, items } = await dropLetters(graph, broker, filter);
    out.line(`${letters} letters with ${items} items were dropped`);
    return EXIT.ok;
  } finally {
    await close();
  }
}

/** Drops what the filter means and waits; durable when it resolves. */
export async function dropLetters(graph: Graph, broker: Broker, filter: LetterFilter) {
  let letters = 0;
  let items = 0;
  for (const partition of await letterPartitions(graph, broker, filter)) {
    let found = 0;
    for await (const { headers, record, isDone } of lettersIn(partition, broker, filter)) {
      if (isDone) continue;
      const { exporter = "pipeline", reason, tenant } = headers;
      partition.marks.mark(record, tenant, { replayed: 0, dropped: { [`${exporter}/${reason}`]: headers.items } });
      found++;
      items += headers.items;
    }
    if (found > 0) await broker.state.put([partition.marks.write(partition.low)]);
    letters += found;
  }
  return { letters, items };
}
