/**
 * Sends dead letters again, each to the exporter that it is a letter of and to no other, through that exporter's own chain:
 * retried until the backend answers, searched again when it refuses. At least once: letters are marked as done a few at a time.
 */
import { type Broker, type LogRecord, letterRecord } from "@rondo/broker";
import type { Graph, PipelineNode } from "@rondo/config";
import {
  type Batch,
  type Clock,
  type Deliver,
  type Exporter,
  Fault,
  type Log,
  type Random,
  type Settled,
} from "@rondo/core";
import { chain, type Letter, type SetAside } from "@rondo/delivery";
import { countItems, countProfiles, WireError } from "@rondo/otlp";
import { createExporter } from "./create-component.ts";
import { inAppends } from "./in-appends.ts";
import { type LetterFilter, type LetterPartition, letterPartitions, lettersIn, type StoredLetter } from "./letters.ts";

/** What a replay needs. */
export interface ReplayLettersOptions {
  readonly graph: Pick<Graph, "pipelines" | "extensions">;
  readonly broker: Broker;
  readonly filter: LetterFilter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends the replay after the letter at hand; what was marked stays. */
  readonly abort: AbortSignal;
}

/** What became of the letters, in letters and in items. */
export interface ReplayLettersResult {
  /** Taken by their backends. */
  delivered: number;
  letters: number;
  /** Refused again: they stay letters, of which a few may be smaller than before. */
  refused: number;
  /** Let go by the backend in numbers, without names. */
  dropped: number;
  /** Letters that no exporter can take: a pipeline's own, or an exporter's that is not in the configuration, by who that is. */
  readonly unsendable: Map<string, number>;
  /** Whether every letter that was meant was tried. */
  complete: boolean;
}

/** Letters that are done between two writes of the marks: a crash sends at most so many a second time. */
const MARKS_EVERY = 64;

/** Nothing to wait for: the letters are at hand. */
const JOINING = { minItems: 1, maxItems: 0, maxBytes: 3_500_000, waitMs: 0 };

/** Replays what the filter means. Throws Faults of the log, and what `create` and `start` of an exporter throw. */
export async function replayLetters(options: ReplayLettersOptions): Promise<ReplayLettersResult> {
  const { graph, broker, filter, abort } = options;
  const result: ReplayLettersResult = {
    ...{ delivered: 0, letters: 0, refused: 0, dropped: 0, complete: true },
    unsendable: new Map(),
  };
  const exporters = new Exporters(options);
  try {
    for (const partition of await letterPartitions(graph, broker, filter)) {
      const run = new PartitionReplay(partition, options, result);
      try {
        for await (const letter of lettersIn(partition, broker, filter)) {
          if (letter.isDone) continue;
          const deliver = abort.aborted ? undefined : await exporters.of(letter);
          if (abort.aborted) break;
          if (deliver === undefined)
            result.unsendable.set(whoOf(letter), (result.unsendable.get(whoOf(letter)) ?? 0) + 1);
          else await run.send(letter, deliver);
        }
      } finally {
        await run.saved();
      }
    }
    result.complete = !abort.aborted;
    return result;
  } finally {
    await exporters.close();
  }
}

function whoOf({ headers: { pipeline, exporter } }: StoredLetter): string {
  return exporter === undefined ? `pipeline ${pipeline}` : `exporter ${exporter} of pipeline ${pipeline}`;
}

/** Makes a chain for letters whose `setAside` is the letter's own. */
type SendLetter = (batch: Batch, setAside: SetAside, abort: AbortSignal) => ReturnType<Deliver>;

/** The exporters that letters name, made when the first of their letters comes. */
class Exporters {
  readonly #options: ReplayLettersOptions;
  readonly #made = new Map<string, { readonly exporter: Exporter; readonly send: SendLetter }>();

  constructor(options: ReplayLettersOptions) {
    this.#options = options;
  }

  /** Undefined when there is none that could take it. */
  async of({ headers, record }: StoredLetter): Promise<SendLetter | undefined> {
    const { graph, clock, random, log } = this.#options;
    const pipeline = named(graph.pipelines, headers.pipeline);
    const node = pipeline && headers.exporter !== undefined && named(pipeline.exporters, headers.exporter);
    // What could not be read has no items that anybody could be sent.
    if (!pipeline || !node || headers.reason === "unreadable_record" || record.value.length === 0) return undefined;
    const key = JSON.stringify([pipeline.id, node.id]);
    const made = this.#made.get(key);
    if (made !== undefined) return made.send;
    const exporter = createExporter({ graph, clock, random, log }, pipeline, node.id);
    await exporter.start?.();
    const { signal: hurry } = new AbortController();
    const make = chain(exporter, { accumulation: JOINING, clock, random, log });
    const send: SendLetter = (batch, setAside, abort) =>
      make({ isFull: () => true, hurry }, async () => {}, setAside)(batch, abort);
    this.#made.set(key, { exporter, send });
    return send;
  }

  async close(): Promise<void> {
    for (const { exporter } of this.#made.values()) await exporter.close();
  }
}

/** What goes by this name, or went by it when the letter was written. */
function named<T extends Pick<PipelineNode, "id" | "renamedFrom">>(nodes: readonly T[], id: string): T | undefined {
  return nodes.find((node) => node.id === id) ?? nodes.find((node) => node.renamedFrom === id);
}

class PartitionReplay {
  readonly #partition: LetterPartition;
  readonly #options: ReplayLettersOptions;
  readonly #result: ReplayLettersResult;
  #unsaved = 0;

  constructor(partition: LetterPartition, options: ReplayLettersOptions, result: ReplayLettersResult) {
    this.#partition = partition;
    this.#options = options;
    this.#result = result;
  }

  async send(letter: StoredLetter, send: SendLetter): Promise<void> {
    const { headers, record, signal } = letter;
    const { tenant, origin, meta } = headers;
    const items = countOf(letter);
    const batch: Batch = {
      ...{ signal, tenant, items, body: record.value, sources: [{ origin, items }] },
      ...(meta && { meta }),
    };
    const verdict = await send(batch, (again) => this.#setAside(again, letter, items), this.#options.abort);
    if (verdict.kind === "retry") {
      if (!this.#options.abort.aborted) throw verdict.fault;
      return;
    }
    this.#settle(letter, items, verdict);
    if (this.#unsaved >= MARKS_EVERY) await this.saved();
  }

  #settle({ headers, record }: StoredLetter, items: number, { drops }: Settled): void {
    const result = this.#result;
    const again = sum(drops.filter(({ deadLettered }) => deadLettered));
    const lost = drops.filter(({ deadLettered }) => !deadLettered);
    result.letters++;
    result.refused += again;
    // Refused as it is: it stays the letter that it was.
    if (again === items) return;
    const delivered = items - sum(drops);
    result.delivered += delivered;
    result.dropped += sum(lost);
    const dropped: Record<string, number> = {};
    for (const { reason, items: count } of lost) {
      const key = `${headers.exporter ?? "pipeline"}/${reason}`;
      dropped[key] = (dropped[key] ?? 0) + count;
    }
    this.#partition.marks.mark(record, headers.tenant, { replayed: delivered, dropped });
    this.#unsaved++;
  }

  /** What is still refused of a letter that has been taken in part becomes letters of its own, before that one is done. */
  async #setAside(
    again: readonly Letter[],
    { headers, topic, partition }: StoredLetter,
    items: number,
  ): Promise<boolean> {
    if (sum(again) >= items) return true;
    const { pipeline, exporter, at, tenant, meta, origin } = headers;
    const about = { pipeline, ...(exporter !== undefined && { exporter }), at, tenant, origin, ...(meta && { meta }) };
    const records = again.map(({ reason, detail, first, items: count, body }) =>
      letterRecord(
        { ...about, reason, ...(detail !== undefined && { detail }), first: headers.first + first, items: count },
        body,
      ),
    );
    const { broker } = this.#options;
    for (const some of inAppends(records, broker.maxRecordBytes)) await broker.append(topic, partition, some);
    return true;
  }

  /** Makes the marks durable. */
  async saved(): Promise<void> {
    if (this.#unsaved === 0) return;
    this.#unsaved = 0;
    await this.#options.broker.state.put([this.#partition.marks.write(this.#partition.low)]);
  }
}

function countOf({ signal, record, headers }: StoredLetter): number {
  try {
    const { value }: LogRecord = record;
    return signal === "profiles" ? countProfiles(value) : countItems(signal, value);
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw Fault.from(thrown);
    return Math.max(1, headers.items);
  }
}

function sum(list: readonly { readonly items: number }[]): number {
  return list.reduce((all, { items }) => all + items, 0);
}
