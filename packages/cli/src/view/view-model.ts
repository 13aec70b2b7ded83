/** From a snapshot to lines of text: the whole look of the live view, without a terminal. */
import { ITEM_NAMES } from "@rondo/otlp";
import { count, fit, rate } from "./figures.ts";
import type { DroppedByReason, ExporterRow, PipelineRow, ReceivedRow, Snapshot } from "./snapshot.ts";

/** How a line is meant; a terminal with colours shows it. */
export type Tone = "title" | "head" | "plain" | "bad";

/** One line of the view. */
export interface Line {
  readonly text: string;
  readonly tone: Tone;
}

/** The room that there is. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** The right-aligned columns and their widths; the name gets what is left. */
const RECEIVED_COLUMNS = { accepted: 9, refused: 9, "per s": 7 };
const FLOW_COLUMNS = { entered: 9, out: 9, "per s": 7, dropped: 9, "in flight": 10, lag: 8 };

const FLOW_WIDTH = Object.values(FLOW_COLUMNS).reduce((total, width) => total + width, 0);

/** A table wider than this is hard to read across. */
const MAX_WIDTH = 100;

/** The narrowest name column; on a terminal too narrow for it lines are cut at the right. */
const NAME_WIDTH = 22;

/**
 * The lines of the view, none longer than `columns` and never more than `rows`. Rates are taken against `earlier`, an
 * older snapshot of the same process; without one they are 0.
 */
export function viewModel(now: Snapshot, earlier: Snapshot | undefined, { columns, rows }: Room): Line[] {
  const seconds = earlier === undefined ? 0 : (now.at - earlier.at) / 1000;
  const perSecond = (value: number, before: number | undefined) =>
    rate(seconds <= 0 || before === undefined ? 0 : (value - before) / seconds);
  const lines: Line[] = [
    ...titleLines(now),
    blank,
    ...received(now.received, earlier?.received, perSecond, columns),
    blank,
    ...flow(now, earlier, perSecond, columns),
  ];
  const more: Line = { text: `… ${lines.length - rows + 1} more lines; a taller window shows them`, tone: "head" };
  const shown = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), more];
  return shown.map(({ text, tone }) => ({ tone, text: fit(text, columns).trimEnd() }));
}

const blank: Line = { text: "", tone: "plain" };

type PerSecond = (value: number, before: number | undefined) => string;

/** Readiness first: whatever follows means little before it. */
function titleLines({ waitingFor, addresses }: Snapshot): Line[] {
  const ready = waitingFor.length === 0;
  const width = Math.max(0, ...addresses.map(([label]) => label.length));
  return [
    { text: ready ? "Rondo is ready" : `Rondo waits for ${waitingFor.join(", ")}`, tone: ready ? "title" : "bad" },
    ...addresses.map(([label, address]): Line => ({ text: `  ${label.padEnd(width)}  ${address}`, tone: "plain" })),
  ];
}

/** What clients were told, before any pipeline has seen it. */
function received(
  now: readonly ReceivedRow[],
  earlier: readonly ReceivedRow[] | undefined,
  perSecond: PerSecond,
  columns: number,
): Line[] {
  const rows = now.map(({ signal, accepted, refused }): Line => {
    const before = earlier?.find((one) => one.signal === signal);
    const cells = [count(accepted), count(refused), perSecond(accepted, before?.accepted)];
    return {
      text: row(`  ${ITEM_NAMES[signal]}`, cells, RECEIVED_COLUMNS, columns),
      tone: refused > 0 ? "bad" : "plain",
    };
  });
  return [{ text: row("received", Object.keys(RECEIVED_COLUMNS), RECEIVED_COLUMNS, columns), tone: "head" }, ...rows];
}

/** Pipelines, each with its exporters below it. */
function flow(now: Snapshot, earlier: Snapshot | undefined, perSecond: PerSecond, columns: number): Line[] {
  const head: Line = {
    text: row("pipeline → exporter", Object.keys(FLOW_COLUMNS), FLOW_COLUMNS, columns),
    tone: "head",
  };
  const lines = now.pipelines.flatMap((pipeline) => [
    ...pipelineLines(
      pipeline,
      earlier?.pipelines.find((one) => samePipeline(one, pipeline)),
      perSecond,
      columns,
    ),
    ...now.exporters
      .filter((exporter) => samePipeline(exporter, pipeline))
      .flatMap((exporter) => {
        const before = earlier?.exporters.find(
          (one) => samePipeline(one, pipeline) && one.exporter === exporter.exporter,
        );
        return exporterLines(exporter, before, perSecond, columns);
      }),
  ]);
  return [head, ...lines];
}

type OfPipeline = Pick<PipelineRow, "pipeline" | "signal">;

/** One id may not stand for two signals, but nothing here has to rely on it. */
function samePipeline(one: OfPipeline, other: OfPipeline): boolean {
  return one.pipeline === other.pipeline && one.signal === other.signal;
}

function pipelineLines(
  now: PipelineRow,
  before: PipelineRow | undefined,
  perSecond: PerSecond,
  columns: number,
): Line[] {
  const { pipeline, entered, created, forwarded, dropped, inFlight, lag } = now;
  const cells = [entered, forwarded, perSecond(forwarded, before?.forwarded), sum(dropped), inFlight, lag];
  const notes = [...(created > 0 ? [`created ${count(created)}`] : []), ...reasons(dropped)];
  return withNotes(row(pipeline, cells.map(cell), FLOW_COLUMNS, columns), notes, sum(dropped) > 0);
}

function exporterLines(
  now: ExporterRow,
  before: ExporterRow | undefined,
  perSecond: PerSecond,
  columns: number,
): Line[] {
  const { exporter, entered, delivered, dropped, deadLettered, redelivered, inFlight, lag } = now;
  const cells = [entered, delivered, perSecond(delivered, before?.delivered), sum(dropped), inFlight, lag];
  const notes = [
    ...reasons(dropped),
    ...(deadLettered > 0 ? [`dead-lettered ${count(deadLettered)}`] : []),
    ...(redelivered > 0 ? [`redelivered ${count(redelivered)}`] : []),
  ];
  const lost = sum(dropped) + deadLettered > 0;
  return withNotes(row(`  → ${exporter}`, cells.map(cell), FLOW_COLUMNS, columns), notes, lost);
}

/** A row, and below it what is usually zero and has no column of its own. */
function withNotes(text: string, notes: readonly string[], bad: boolean): Line[] {
  const tone = bad ? "bad" : "plain";
  return [{ text, tone }, ...(notes.length === 0 ? [] : [{ text: `      ${notes.join(", ")}`, tone } as const])];
}

function reasons(dropped: DroppedByReason): string[] {
  return Object.entries(dropped)
    .filter(([, items]) => items > 0)
    .map(([reason, items]) => `${reason} ${count(items)}`);
}

/** Items dropped for any reason. */
export function sum(dropped: DroppedByReason): number {
  return Object.values(dropped).reduce((total, items) => total + items, 0);
}

function cell(value: number | string): string {
  return typeof value === "number" ? count(value) : value;
}

/** Both tables give the name the same room, so that their columns stand below each other. */
function row(
  name: string,
  cells: readonly string[],
  widths: Readonly<Record<string, number>>,
  columns: number,
): string {
  const sizes = Object.values(widths);
  const label = fit(name, Math.max(NAME_WIDTH, Math.min(columns, MAX_WIDTH) - FLOW_WIDTH));
  return label + cells.map((text, index) => text.padStart(sizes[index] ?? 0)).join("");
}
