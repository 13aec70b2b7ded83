/** Remote write 1: `prometheus.WriteRequest`, in which every series spells its labels out. proto/prometheus/remote.proto. */
import { Wire, Writer } from "@rondo/otlp";
import type { Exemplar, Family, Series } from "@rondo/prometheus";
import type { Labels } from "@rondo/promql";
import type { Chunk } from "./chunks.ts";
import { METRIC_TYPES, writeTime, writeValue } from "./write-value.ts";

/*
 * WriteRequest  { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
 * TimeSeries    { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; }
 * Label         { string name = 1; string value = 2; }
 * Sample        { double value = 1; int64 timestamp = 2; }
 * Exemplar      { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
 * MetricMetadata{ MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
 *
 * Labels must be sorted by name and samples by time, and a series may stand in a request only once: rows are all of that.
 */
const WRITE_REQUEST = { timeseries: 1, metadata: 3 } as const;
const TIME_SERIES = { labels: 1, samples: 2, exemplars: 3 } as const;
const LABEL = { name: 1, value: 2 } as const;
const SAMPLE = { value: 1, timestamp: 2 } as const;
const EXEMPLAR = { labels: 1, value: 2, timestamp: 3 } as const;
const METADATA = { type: 1, name: 2, help: 4, unit: 5 } as const;

/** The labels of a series as bytes: made once for as long as somebody remembers the series. */
const encodedLabels = new WeakMap<Series, Uint8Array>();

/** The message, not compressed. With `metadata`, type, help and unit of every family in it come last. */
export function encodeWriteRequest({ rows }: Chunk, metadata: boolean): Uint8Array {
  const out = new Writer(64 * 1024);
  for (const { series, times, values, exemplars } of rows) {
    const row = out.open(WRITE_REQUEST.timeseries);
    // Labels come first and are the larger part of most rows; their bytes are copied.
    out.raw(labelsOf(series));
    for (const [index, time] of times.entries()) {
      const sample = out.open(TIME_SERIES.samples);
      writeValue(out, SAMPLE.value, values[index] ?? 0);
      writeTime(out, SAMPLE.timestamp, time);
      out.close(sample);
    }
    for (const exemplar of exemplars) writeExemplar(out, exemplar);
    out.close(row);
  }
  // A family has many series and is described once.
  if (metadata) {
    const families = new Map(rows.map(({ series: { family } }) => [family.name, family]));
    for (const family of families.values()) writeMetadata(out, family);
  }
  return out.finish();
}

function labelsOf(series: Series): Uint8Array {
  const known = encodedLabels.get(series);
  if (known !== undefined) return known;
  const made = writeLabels(new Writer(256), TIME_SERIES.labels, series.labels).finish();
  encodedLabels.set(series, made);
  return made;
}

function writeLabels(out: Writer, field: number, labels: Labels): Writer {
  for (const [name, value] of labels) {
    const label = out.open(field);
    out.text(LABEL.name, name).text(LABEL.value, value).close(label);
  }
  return out;
}

function writeExemplar(out: Writer, { labels, value, time }: Exemplar): void {
  const exemplar = out.open(TIME_SERIES.exemplars);
  writeLabels(out, EXEMPLAR.labels, labels);
  writeValue(out, EXEMPLAR.value, value);
  writeTime(out, EXEMPLAR.timestamp, time);
  out.close(exemplar);
}

function writeMetadata(out: Writer, { name, kind, help, unit }: Family): void {
  const entry = out.open(WRITE_REQUEST.metadata);
  out.tag(METADATA.type, Wire.varint).varint(METRIC_TYPES[kind]);
  out.text(METADATA.name, name).text(METADATA.help, help).text(METADATA.unit, unit).close(entry);
}
