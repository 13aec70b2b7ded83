/** `rondo dlq list`: how many dead letters wait, whose, and why. */
import type { Broker } from "@rondo/broker";
import type { Graph } from "@rondo/config";
import {
  type LetterCounts,
  type LetterFilter,
  letterCountsText,
  letterPartitions,
  lettersIn,
  type StoredLetter,
  sumLetterCounts,
} from "@rondo/worker";
import { loadGraph } from "../load.ts";
import { EXIT, type Out } from "../out.ts";
import { filterOf, type LetterAround, type LetterFlags, openToRead } from "./letter-flags.ts";

/** Prints a table of what waits. Returns 0, 2 for a wrong configuration; throws Faults of the log and of a wrong call. */
export async function dlqListCommand(flags: LetterFlags, around: LetterAround): Promise<number> {
  const filter = filterOf(flags, around.clock.now());
  const graph = await loadGraph(flags, around.out);
  if (graph === undefined) return EXIT.usage;
  const broker = await openToRead(graph, flags, around);
  try {
    printLetters(await summarise(graph, broker, filter), around.out);
    return EXIT.ok;
  } finally {
    await broker.close();
  }
}

/** The letters of one topic, exporter, reason and tenant that wait. */
export interface LetterGroup {
  readonly topic: string;
  readonly pipeline: string;
  /** Empty for a pipeline's own. */
  readonly exporter: string;
  readonly reason: string;
  readonly tenant: string;
  letters: number;
  items: number;
  oldest: number;
  newest: number;
}

/** What is waiting and what is done with. */
export interface LetterSummary {
  readonly groups: readonly LetterGroup[];
  /** What all letters ever marked came to, also those that retention has taken. */
  readonly counts: LetterCounts;
}

/** Kinds of letters that are told apart; what comes beyond is summed up as `…`. */
const GROUPS = 1_000;

/** Reads every letter that the filter means. */
export async function summarise(graph: Graph, broker: Broker, filter: LetterFilter): Promise<LetterSummary> {
  const groups = new Map<string, LetterGroup>();
  const partitions = await letterPartitions(graph, broker, filter);
  for (const partition of partitions) {
    for await (const letter of lettersIn(partition, broker, filter)) if (!letter.isDone) add(groups, letter);
  }
  return { groups: [...groups.values()], counts: sumLetterCounts(partitions.map(({ marks }) => marks)) };
}

function add(groups: Map<string, LetterGroup>, { topic, headers, record }: StoredLetter): void {
  const { pipeline, exporter = "", reason, tenant, items } = headers;
  const named = { topic, pipeline, exporter, reason, tenant };
  const key = JSON.stringify(named);
  const isRoom = groups.has(key) || groups.size < GROUPS;
  const about = isRoom ? named : { topic: "…", pipeline: "…", exporter: "…", reason: "…", tenant: "…" };
  const place = isRoom ? key : "…";
  const group = groups.get(place) ?? { ...about, letters: 0, items: 0, oldest: record.timestamp, newest: 0 };
  groups.set(place, group);
  group.letters++;
  group.items += items;
  group.oldest = Math.min(group.oldest, record.timestamp);
  group.newest = Math.max(group.newest, record.timestamp);
}

const COLUMNS = ["topic", "pipeline", "exporter", "reason", "tenant", "letters", "items", "oldest", "newest"] as const;
const NUMBERS: readonly string[] = ["letters", "items"];

/** Prints a summary as a table and one sentence. */
export function printLetters({ groups, counts }: LetterSummary, out: Out): void {
  const cells = groups.map((group) =>
    COLUMNS.map((name) => {
      if (name === "oldest" || name === "newest") return new Date(group[name]).toISOString();
      return String(group[name] === "" ? "–" : group[name]);
    }),
  );
  const widths = COLUMNS.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (values: readonly string[]) =>
    values
      .map((value, column) => {
        const width = widths[column] ?? 0;
        return NUMBERS.includes(COLUMNS[column] ?? "") ? value.padStart(width) : value.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  if (groups.length > 0) for (const row of [COLUMNS, ...cells]) out.line(line(row));
  const letters = groups.reduce((sum, group) => sum + group.letters, 0);
  const items = groups.reduce((sum, group) => sum + group.items, 0);
  out.line(letters === 0 ? "no dead letters wait" : `${letters} dead letters wait, with ${items} items`);
  const done = letterCountsText(counts);
  if (done !== "") out.line(done);
}
