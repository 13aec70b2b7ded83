/** Holds the values behind the table of metrics: handles that cost an addition, sources asked at scrape time, bounded label sets. */
import { type Family, type Format, writePage } from "./exposition.ts";
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type MetricName,
  type MetricSpec,
} from "./metrics.ts";

/** Label sets that one metric may have, unless `createRegistry` is told otherwise. */
export const MAX_SERIES_PER_METRIC = 4096;

/** UTF-16 units of a label value that are kept; what is longer shares a series with what begins the same. */
export const MAX_LABEL_LENGTH = 256;

const OVERFLOW_METRIC = "rondo_metrics_overflow_total";

/** The value of every label of the series that stands for all label sets beyond the bound. */
export const OVERFLOW_VALUE = "_overflow";

/** One series of a counter or gauge, to be resolved once and kept. */
export interface Handle {
  /** Adds `amount`; for a counter never a negative one. */
  add(amount: number): void;
  /** Sets the value, for totals that are kept elsewhere. */
  set(value: number): void;
}

/** One series of a histogram, to be resolved once and kept. */
export interface HistogramHandle {
  /** Counts one observation in the metric's unit. */
  observe(value: number): void;
}

/** Writes a value of a counter or gauge into the page that is being made; equal label sets of one page are added up. */
export type Emit = <N extends CounterName | GaugeName>(name: N, labels: LabelsOf<N>, value: number) => void;

/** One value, as the live view reads it. */
export interface Sample {
  readonly name: MetricName;
  readonly labels: ReadonlyMap<string, string>;
  /** A counter's or gauge's value, a histogram's sum. */
  readonly value: number;
  /** A histogram's number of observations. */
  readonly count?: number;
}

/** One series as another thread of the process can take it over: names, numbers, nothing shared. */
export interface SeriesCopy {
  readonly name: MetricName;
  /** In the order of the metric's labels. */
  readonly values: readonly string[];
  /** A counter's or gauge's value, a histogram's sum. */
  readonly value: number;
  /** Observations by bucket, only of a histogram. */
  readonly counts?: readonly number[];
}

/** The metrics of one process. */
export interface Registry {
  counter<N extends CounterName>(name: N, labels: LabelsOf<N>): Handle;
  gauge<N extends GaugeName>(name: N, labels: LabelsOf<N>): Handle;
  histogram<N extends HistogramName>(name: N, labels: LabelsOf<N>): HistogramHandle;
  /** Asks `read` for the gauge's value at every scrape; the returned function ends that. */
  computed<N extends GaugeName>(name: N, labels: LabelsOf<N>, read: () => number): () => void;
  /** Calls `source` for every page; what it emits lives for that page only. The returned function ends that. */
  onScrape(source: (emit: Emit) => void): () => void;
  /** The page of metrics. A source that throws is left out and counted. */
  render(format?: Format): string;
  /** Every value as it stands now. */
  snapshot(): readonly Sample[];
  /** Every series as it stands now, to be added to another registry. */
  copy(): readonly SeriesCopy[];
  /** Adds what `source` gives to every page: the series of a thread. The returned function ends that. */
  include(source: () => readonly SeriesCopy[]): () => void;
}

/** A value in memory; `counts` only for histograms. */
interface Cell {
  readonly values: readonly string[];
  value: number;
  readonly counts?: number[];
  /** Stands for every label set beyond the bound. */
  readonly shared?: true;
}

/** The series of one metric, by label values. The key is JSON, so no choice of values makes two sets meet. */
type Cells = Map<string, Cell>;

// The table's keys and entries, typed: Object.entries forgets the key type.
const TABLE = Object.entries(METRICS) as readonly (readonly [MetricName, MetricSpec])[];

/** Makes an empty registry. `maxSeries` bounds the label sets of each metric. */
export function createRegistry({ maxSeries = MAX_SERIES_PER_METRIC }: { readonly maxSeries?: number } = {}): Registry {
  const kept = new Map<MetricName, Cells>(TABLE.map(([name]) => [name, new Map()]));
  const sources = new Set<(emit: Emit) => void>();
  const included = new Set<() => readonly SeriesCopy[]>();

  /** Finds or makes a cell, or the shared one when the metric is full. */
  function cellOf(cells: Cells, name: MetricName, labels: Readonly<Record<string, string>>): Cell {
    const spec: MetricSpec = METRICS[name];
    const values = spec.labels.map((label) => (labels[label] ?? "").toWellFormed().slice(0, MAX_LABEL_LENGTH));
    const key = JSON.stringify(values);
    const found = cells.get(key);
    if (found !== undefined) return found;
    // One place is reserved for the overflow itself. The metric that counts overflows has a row per metric at most.
    if (cells.size < maxSeries - 1 || name === OVERFLOW_METRIC) return add(cells, key, values, spec);
    cellOf(cellsOf(OVERFLOW_METRIC), OVERFLOW_METRIC, { metric: name }).value++;
    return (
      cells.get(OVERFLOW_VALUE) ??
      add(
        cells,
        OVERFLOW_VALUE,
        spec.labels.map(() => OVERFLOW_VALUE),
        spec,
      )
    );
  }

  function add(cells: Cells, key: string, values: readonly string[], { buckets }: MetricSpec): Cell {
    const cell: Cell = {
      values,
      value: 0,
      ...(buckets && { counts: new Array<number>(buckets.length + 1).fill(0) }),
      // Every other key is a JSON list.
      ...(key === OVERFLOW_VALUE && { shared: true }),
    };
    cells.set(key, cell);
    return cell;
  }

  function cellsOf(name: MetricName): Cells {
    const cells = kept.get(name);
    if (cells === undefined) throw new Error(`${name} is not a row of the table of metrics`);
    return cells;
  }

  function handle(name: CounterName | GaugeName, labels: Readonly<Record<string, string>>): Handle {
    const cell = cellOf(cellsOf(name), name, labels);
    return cell.shared ? new SharedHandle(cell) : new CellHandle(cell);
  }

  /** Kept values and emitted ones together, as copies. */
  function gather(): (Family & { readonly name: MetricName })[] {
    const page = new Map<MetricName, Cells>();
    const pageCells = (name: MetricName) => {
      const copied = page.get(name) ?? new Map([...cellsOf(name)].map(([key, cell]) => [key, copyOf(cell)]));
      page.set(name, copied);
      return copied;
    };
    for (const source of sources) {
      try {
        source((name, labels, value) => {
          cellOf(pageCells(name), name, labels).value += value;
        });
      } catch {
        handle("rondo_scrape_errors_total", {}).add(1);
      }
    }
    for (const { name, values, value, counts } of [...included].flatMap((source) => source())) {
      const spec: MetricSpec = METRICS[name];
      const labels = Object.fromEntries(spec.labels.map((label, index) => [label, values[index] ?? ""]));
      const cell = cellOf(pageCells(name), name, labels);
      cell.value += value;
      for (const [bucket, count] of (counts ?? []).entries()) addTo(cell, bucket, count);
    }
    // What the two metrics about the page itself counted meanwhile is in the kept values, hence last and uncopied.
    return TABLE.map(([name, spec]) => ({ name, spec, series: [...(page.get(name) ?? cellsOf(name)).values()] }));
  }

  const registry: Registry = {
    counter: handle,
    gauge: handle,
    histogram(name, labels) {
      const cell = cellOf(cellsOf(name), name, labels);
      const bounds: readonly number[] = METRICS[name].buckets;
      return new CellHistogram(cell, bounds);
    },
    computed: (name, labels, read) => registry.onScrape((emit) => emit(name, labels, read())),
    onScrape(source) {
      sources.add(source);
      return () => sources.delete(source);
    },
    render: (format = "text") => writePage(gather(), format),
    snapshot: () =>
      gather().flatMap(({ name, spec, series }) =>
        series.map(({ values, value, counts }) => ({
          name,
          labels: new Map(spec.labels.map((label, index) => [label, values[index] ?? ""])),
          value,
          ...(counts && { count: counts.reduce((sum, count) => sum + count, 0) }),
        })),
      ),
    copy: () =>
      gather().flatMap(({ name, series }) =>
        series.map(({ values, value, counts }) => ({ name, values, value, ...(counts && { counts: [...counts] }) })),
      ),
    include(source) {
      included.add(source);
      return () => included.delete(source);
    },
  };
  return registry;
}

function copyOf(cell: Cell): Cell {
  return { ...cell, ...(cell.counts && { counts: [...cell.counts] }) };
}

function addTo({ counts }: Cell, bucket: number, count: number): void {
  if (counts !== undefined && bucket < counts.length) counts[bucket] = (counts[bucket] ?? 0) + count;
}

class CellHandle implements Handle {
  readonly #cell: Cell;
  constructor(cell: Cell) {
    this.#cell = cell;
  }
  add(amount: number): void {
    this.#cell.value += amount;
  }
  set(value: number): void {
    this.#cell.value = value;
  }
}

/** Remembers what it set itself, so that handles which share the overflow series add up to the true sum. */
class SharedHandle implements Handle {
  readonly #cell: Cell;
  #own = 0;
  constructor(cell: Cell) {
    this.#cell = cell;
  }
  add(amount: number): void {
    this.#own += amount;
    this.#cell.value += amount;
  }
  set(value: number): void {
    this.add(value - this.#own);
  }
}

class CellHistogram implements HistogramHandle {
  readonly #cell: Cell;
  readonly #bounds: readonly number[];
  constructor(cell: Cell, bounds: readonly number[]) {
    this.#cell = cell;
    this.#bounds = bounds;
  }
  observe(value: number): void {
    // A bound belongs to its bucket: `le` is less or equal.
    const found = this.#bounds.findIndex((bound) => value <= bound);
    addTo(this.#cell, found < 0 ? this.#bounds.length : found, 1);
    this.#cell.value += value;
  }
}
