/** Cuts the rows of a batch into requests. A series is never cut, so that requests cannot overtake one another in it. */
import type { SampleRow } from "./sample-table.ts";

/** What goes out in one request. */
export interface Chunk {
  readonly rows: readonly SampleRow[];
  /** Data points whose first sample is in it. */
  readonly points: number;
  readonly samples: number;
}

/** Bytes of a sample with its tags at most, and of what surrounds a label or a series. */
const SAMPLE_BYTES = 24;
const LABEL_BYTES = 8;
const SERIES_BYTES = 16;

/**
 * Chunks of about `maxBytes` before compression, in order; a chunk is larger only when the series of one point are. The size
 * is estimated from above.
 */
export function chunksOf(rows: readonly SampleRow[], maxBytes: number): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let taken: SampleRow[] = [];
  let bytes = 0;
  for (const group of groupsOf(rows)) {
    const more = group.reduce((sum, row) => sum + sizeOf(row), 0);
    if (taken.length > 0 && bytes + more > maxBytes) {
      chunks.push(chunkOf(taken));
      taken = [];
      bytes = 0;
    }
    taken.push(...group);
    bytes += more;
  }
  if (taken.length > 0) chunks.push(chunkOf(taken));
  return chunks;
}

/** Rows that one point brought stand next to each other. */
function* groupsOf(rows: readonly SampleRow[]): Generator<readonly SampleRow[]> {
  let group: SampleRow[] = [];
  for (const row of rows) {
    if (group.length > 0 && group[0]?.group !== row.group) {
      yield group;
      group = [];
    }
    group.push(row);
  }
  if (group.length > 0) yield group;
}

function chunkOf(rows: readonly SampleRow[]): Chunk {
  const samples = rows.reduce((sum, { times }) => sum + times.length, 0);
  return { rows, samples, points: rows.reduce((sum, { points }) => sum + points, 0) };
}

/** Letters may take three bytes; most take one. */
function sizeOf({ series, times, exemplars }: SampleRow): number {
  let bytes = SERIES_BYTES + times.length * SAMPLE_BYTES;
  for (const [name, value] of series.labels) bytes += LABEL_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  for (const { labels } of exemplars) {
    bytes += SAMPLE_BYTES;
    for (const [name, value] of labels) bytes += LABEL_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}
