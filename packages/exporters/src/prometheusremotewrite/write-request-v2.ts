/** Remote write 2: `io.prometheus.write.v2.Request`, in which every text stands once and is referred to by number. */
import { Wire, Writer } from "@rondo/otlp";
import type { Exemplar, Family } from "@rondo/prometheus";
import type { Labels } from "@rondo/promql";
import type { Chunk } from "./chunks.ts";
import { METRIC_TYPES, writeTime, writeValue } from "./write-value.ts";

/*
 * Request   { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
 * TimeSeries{ repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 4; Metadata metadata = 5; }
 * Sample    { double value = 1; int64 timestamp = 2; }
 * Exemplar  { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
 * Metadata  { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
 *
 * Symbols stand before the series that refer to them, so that a reader needs one pass; they are complete only afterwards,
 * hence the two writers.
 */
const REQUEST = { symbols: 4, timeseries: 5 } as const;
const TIME_SERIES = { labels: 1, samples: 2, exemplars: 4, metadata: 5 } as const;
const SAMPLE = { value: 1, timestamp: 2 } as const;
const EXEMPLAR = { labels: 1, value: 2, timestamp: 3 } as const;
const METADATA = { type: 1, help: 3, unit: 4 } as const;

/** The message, not compressed. Metadata stands with every series. */
export function encodeRequestV2({ rows }: Chunk): Uint8Array {
  const symbols = new Symbols();
  const out = new Writer(64 * 1024);
  for (const { series, times, values, exemplars } of rows) {
    const row = out.open(REQUEST.timeseries);
    writeRefs(out, TIME_SERIES.labels, series.labels, symbols);
    for (const [index, time] of times.entries()) {
      const sample = out.open(TIME_SERIES.samples);
      writeValue(out, SAMPLE.value, values[index] ?? 0);
      writeTime(out, SAMPLE.timestamp, time);
      out.close(sample);
    }
    for (const exemplar of exemplars) writeExemplar(out, exemplar, symbols);
    writeMetadata(out, series.family, symbols);
    out.close(row);
  }
  const table = new Writer(16 * 1024);
  for (const text of symbols.texts()) table.text(REQUEST.symbols, text);
  return Buffer.concat([table.finish(), out.finish()]);
}

/** Texts by number; 0 is always the empty one. */
class Symbols {
  readonly #numbers = new Map([["", 0]]);

  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const made = this.#numbers.size;
    this.#numbers.set(text, made);
    return made;
  }

  texts(): Iterable<string> {
    return this.#numbers.keys();
  }
}

/** Names and values by turns. */
function writeRefs(out: Writer, field: number, labels: Labels, symbols: Symbols): void {
  const refs = out.open(field);
  for (const [name, value] of labels) out.varint(symbols.number(name)).varint(symbols.number(value));
  out.close(refs);
}

function writeExemplar(out: Writer, { labels, value, time }: Exemplar, symbols: Symbols): void {
  const exemplar = out.open(TIME_SERIES.exemplars);
  writeRefs(out, EXEMPLAR.labels, labels, symbols);
  writeValue(out, EXEMPLAR.value, value);
  writeTime(out, EXEMPLAR.timestamp, time);
  out.close(exemplar);
}

function writeMetadata(out: Writer, { kind, help, unit }: Family, symbols: Symbols): void {
  const metadata = out.open(TIME_SERIES.metadata);
  out.tag(METADATA.type, Wire.varint).varint(METRIC_TYPES[kind]);
  out.tag(METADATA.help, Wire.varint).varint(symbols.number(help));
  out.tag(METADATA.unit, Wire.varint).varint(symbols.number(unit));
  out.close(metadata);
}
