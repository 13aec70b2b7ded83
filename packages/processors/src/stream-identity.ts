/** What makes two data points ones of the same stream: tenant, resource, scope, metric and attributes. */
import { hash } from "node:crypto";
import { type Around, Cursor, resourceKey, SCOPE_ATTRIBUTES, Wire, Writer, writeAttributesKey } from "@rondo/otlp";

/** Characters of a key, one a byte of SHA-256: enough that no two streams meet, and little to keep. */
const KEY_LENGTH = 16;

const METRIC = { name: 1, unit: 3, monotonic: 3 } as const;
const SCOPE = { name: 1, version: 2 } as const;

/** Names streams of one request after the other; what stands around the points is read once for all of a metric's. */
export class StreamIdentity {
  readonly #tenant: string;
  /** Written over for every point. */
  readonly #out = new Writer(1024);
  #metric: Uint8Array | undefined;
  #around: Uint8Array = new Uint8Array(0);

  constructor(tenant: string) {
    this.#tenant = tenant;
  }

  /** The key of the stream that the point in the cursor's current value belongs to. Throws WireError on malformed bytes. */
  of(point: Cursor, around: Around): string {
    if (around.metric !== this.#metric) {
      this.#metric = around.metric;
      this.#around = Buffer.from(digest(outside(this.#tenant, around)), "latin1");
    }
    const out = this.#out.rewind(0).raw(this.#around);
    writeAttributesKey(out, point.slice(), around.attributes);
    return digest(out.finish());
  }
}

function digest(bytes: Uint8Array): string {
  return hash("sha256", bytes, "latin1").slice(0, KEY_LENGTH);
}

function outside(tenant: string, { resource, scope, metric, data }: Around): Uint8Array {
  const out = new Writer().text(1, tenant).bytes(2, resourceKey(resource));
  out.bytes(3, text(scope, SCOPE.name)).bytes(4, text(scope, SCOPE.version));
  out.bytes(5, text(metric, METRIC.name)).bytes(6, text(metric, METRIC.unit)).tag(7, Wire.varint).varint(data);
  out.tag(8, Wire.varint).varint(isMonotonic(metric, data) ? 1 : 0);
  // The rest of it, and hence without a length.
  writeAttributesKey(out, scope, SCOPE_ATTRIBUTES);
  return out.finish();
}

/** The last field of bytes under a number. */
function text(message: Uint8Array, field: number): Uint8Array {
  const at = new Cursor(message);
  let found: Uint8Array = new Uint8Array(0);
  while (at.next()) if (at.is(field, Wire.bytes)) found = at.slice();
  return found;
}

/** Of sums alone: other data has no such field. */
function isMonotonic(metric: Uint8Array, data: number): boolean {
  const field = new Cursor(metric);
  const inner = new Cursor(metric);
  let monotonic = false;
  while (field.next()) {
    if (!field.is(data, Wire.bytes)) continue;
    inner.enter(field);
    while (inner.next()) if (inner.is(METRIC.monotonic, Wire.varint)) monotonic = inner.number() !== 0;
  }
  return monotonic;
}
