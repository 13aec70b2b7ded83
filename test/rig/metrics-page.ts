/** Reads a page of metrics in the Prometheus text format, as far as rigs need it: counters and gauges with labels. */

/** One sample of the page. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\S+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of a page, in order; comments and blank lines left out. Throws on a line that is neither. */
export function parseMetrics(page: string): readonly Sample[] {
  return page
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name, labels = "", value] = LINE.exec(line) ?? [];
      if (name === undefined) throw new Error(`not a sample: ${line}`);
      return {
        name,
        labels: new Map([...labels.matchAll(LABEL)].map(([, key = "", text = ""]) => [key, text])),
        value: Number(value),
      };
    });
}

/** The sum of all samples of a name whose labels are at least these. */
export function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels.get(key) === value),
    )
    .reduce((sum, { value }) => sum + value, 0);
}
