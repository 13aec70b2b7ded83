/** The smallest OTLP requests that a test can tell apart: spans with nothing but ids, all the same, and a name, written by hand. */

/** Span.trace_id and Span.span_id, without which no span is one. */
const IDS = Buffer.concat([field(0x0a, Buffer.alloc(16, 1)), field(0x12, Buffer.alloc(8, 1))]);

/** A traces request with one span per name: ResourceSpans > ScopeSpans > Span.name. */
export function namedSpans(names: readonly string[]): Uint8Array {
  const items = names.map((name) => field(0x12, Buffer.concat([IDS, field(0x2a, Buffer.from(name))])));
  return field(0x0a, field(0x12, Buffer.concat(items)));
}

/** The names of the form `id-<n>;` in any bytes, in order. */
export function idsIn(body: Uint8Array): number[] {
  return [
    ...Buffer.from(body)
      .toString("latin1")
      .matchAll(/id-(\d+);/g),
  ].map(([, id]) => Number(id));
}

function field(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...varint(body.length)]), body]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
