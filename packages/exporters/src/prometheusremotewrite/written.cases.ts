/** Reads messages of remote write in tests, with cursors: what a backend would see, as lines of text. */
import { Cursor, Wire } from "@rondo/otlp";
import { isStale } from "@rondo/promql";
import { uncompress } from "snappyjs";

/** A message as `name{labels} value @time`, exemplars behind `#`, metadata as `TYPE …`. */
export function writtenLines(message: Uint8Array): string[] {
  const cursor = new Cursor(message);
  const symbols: string[] = [];
  const lines: string[] = [];
  const metadata: string[] = [];
  while (cursor.next()) {
    if (cursor.is(4, Wire.bytes)) symbols.push(cursor.text());
    else if (cursor.is(3, Wire.bytes)) metadata.push(metadataLine(new Cursor(message).enter(cursor)));
    else if (cursor.is(1, Wire.bytes) || cursor.is(5, Wire.bytes))
      lines.push(...seriesLines(new Cursor(message).enter(cursor), symbols));
  }
  return [...lines, ...metadata];
}

/** What was sent, unpacked. */
export function sentLines(body: Uint8Array): string[] {
  return writtenLines(uncompress(new Uint8Array(body)));
}

function seriesLines(series: Cursor, symbols: readonly string[]): string[] {
  const lines: string[] = [];
  let labels: string[] = [];
  while (series.next()) {
    const inner = new Cursor(series.bytes).enter(series);
    if (series.field === 1) labels = [...labels, ...labelsOf(inner, symbols)];
    else if (series.field === 2) lines.push(`${labels.join(",")} ${valueLine(inner, 1)}`);
    else if (series.field === 3 || series.field === 4) lines.push(`# ${valueLine(inner, 2)}`);
    else if (series.field === 5) lines.push(metadataLine(inner, symbols));
  }
  return lines;
}

function labelsOf(inner: Cursor, symbols: readonly string[]): string[] {
  if (symbols.length === 0) {
    const texts: string[] = [];
    while (inner.next()) texts.push(inner.text());
    return [texts.join("=")];
  }
  const refs: string[] = [];
  const { end } = inner;
  for (let at = inner.stop; at < end; at = inner.stop) {
    inner.element(at, Wire.varint);
    refs.push(symbols[inner.number()] ?? "?");
  }
  return refs.flatMap((text, index) => (index % 2 === 0 ? [`${text}=${refs[index + 1]}`] : []));
}

function valueLine(inner: Cursor, field: number): string {
  let value = 0;
  let time = 0;
  while (inner.next()) {
    if (inner.is(field, Wire.fixed64)) value = inner.double();
    else if (inner.wire === Wire.varint) time = inner.number();
  }
  return `${isStale(value) ? "stale" : value} @${time}`;
}

function metadataLine(inner: Cursor, symbols: readonly string[] = []): string {
  const parts: string[] = [];
  while (inner.next()) {
    if (inner.wire === Wire.bytes) parts.push(inner.text());
    else parts.push(inner.field === 1 ? String(inner.number()) : (symbols[inner.number()] ?? "?"));
  }
  return `TYPE ${parts.join(" ")}`;
}
