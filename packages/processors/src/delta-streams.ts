/** The streams that a delta-to-cumulative processor keeps: what each has come to, bounded in number for each tenant and in age. */
import { Fault } from "@rondo/core";
import { Cursor, Wire, WireError, Writer } from "@rondo/otlp";
import { exponentialPoints } from "./exponential-value.ts";
import { histogramPoints } from "./histogram-value.ts";
import { numberPoints, type PointKind } from "./point-value.ts";

/** Where a cumulative stream stands. Times are nanoseconds of the epoch, as on the wire. */
export interface Stream {
  readonly tenant: string;
  /** The field of Metric that holds its points. */
  readonly data: number;
  /** When it began: the start of its first delta. */
  start: bigint;
  /** The time of its newest delta. */
  time: bigint;
  /** What the kind of its data reads and writes. */
  value: unknown;
  /** The broker's time of the record that the newest delta came with, milliseconds. */
  seen: number;
}

/** By the field of Metric that holds the points. */
export const POINT_KINDS: Readonly<Record<number, PointKind<unknown>>> = {
  // Each gets back only what it made itself: a stream's `data` says whose value it has.
  7: numberPoints as PointKind<unknown>,
  9: histogramPoints as PointKind<unknown>,
  10: exponentialPoints as PointKind<unknown>,
};

/** How long and how many streams are kept. */
export interface StreamLimits {
  /** Milliseconds of the broker's clock after which a stream without deltas is forgotten. */
  readonly staleMs: number;
  /** Streams of one tenant; one with many buckets counts as several (`BUCKETS_OF_ONE`). */
  readonly streams: number;
}

/** A stream counts once more for each so many buckets, or a bound on streams would be none on memory. */
export const BUCKETS_OF_ONE = 64;

/** The version of a checkpoint's form. */
const FORM = 1;
const CHECKPOINT = { form: 1, clock: 2, stream: 3 } as const;
const STREAM = { key: 1, tenant: 2, data: 3, start: 4, time: 5, seen: 6, value: 7 } as const;

/** Streams by their identity, in the order in which they were last seen. */
export class DeltaStreams {
  readonly #limits: StreamLimits;
  readonly #streams = new Map<string, Stream>();
  readonly #perTenant = new Map<string, number>();
  /** The latest time that a record had: on topics with other clocks than the broker's, time may seem to go back. */
  #clock = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** A record of this time comes: forgets streams that have been silent for too long. */
  advance(at: number): void {
    this.#clock = Math.max(this.#clock, at);
    for (const [key, { seen, tenant, data, value }] of this.#streams) {
      if (this.#clock - seen <= this.#limits.staleMs) break;
      this.#streams.delete(key);
      this.#count(tenant, -weightOf(data, value));
    }
  }

  get(key: string): Stream | undefined {
    return this.#streams.get(key);
  }

  /** A stream has come to something else with the present record; false when that takes more room than the tenant has. */
  update(key: string, stream: Stream, next: Pick<Stream, "start" | "time" | "value">): boolean {
    const more = weightOf(stream.data, next.value) - weightOf(stream.data, stream.value);
    if (more > 0 && !this.#hasRoom(stream.tenant, more)) return false;
    this.#count(stream.tenant, more);
    Object.assign(stream, next, { seen: this.#clock });
    // The last one seen stands last.
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    return true;
  }

  /** Begins a stream; false when the tenant has as many as it may. */
  begin(key: string, stream: Omit<Stream, "seen">): boolean {
    const weight = weightOf(stream.data, stream.value);
    if (!this.#hasRoom(stream.tenant, weight)) return false;
    this.#count(stream.tenant, weight);
    this.#streams.set(key, { ...stream, seen: this.#clock });
    return true;
  }

  #hasRoom(tenant: string, more: number): boolean {
    return (this.#perTenant.get(tenant) ?? 0) + more <= this.#limits.streams;
  }

  #count(tenant: string, more: number): void {
    const sum = (this.#perTenant.get(tenant) ?? 0) + more;
    if (sum === 0) this.#perTenant.delete(tenant);
    else this.#perTenant.set(tenant, sum);
  }

  /** Every stream, in their order, as bytes. */
  checkpoint(): Uint8Array {
    const out = new Writer(64 + this.#streams.size * 96);
    out.tag(CHECKPOINT.form, Wire.varint).varint(FORM).tag(CHECKPOINT.clock, Wire.varint).varint(this.#clock);
    for (const [key, { tenant, data, start, time, seen, value }] of this.#streams) {
      const stream = out.open(CHECKPOINT.stream);
      out.bytes(STREAM.key, Buffer.from(key, "latin1")).text(STREAM.tenant, tenant);
      out.tag(STREAM.data, Wire.varint).varint(data).tag(STREAM.seen, Wire.varint).varint(seen);
      out.tag(STREAM.start, Wire.fixed64).fixed64(start).tag(STREAM.time, Wire.fixed64).fixed64(time);
      const inner = out.open(STREAM.value);
      POINT_KINDS[data]?.write(out, value);
      out.close(inner).close(stream);
    }
    return out.finishExact();
  }

  /** Takes over a checkpoint. Throws a Fault `corrupt`. */
  restore(checkpoint: Uint8Array): void {
    try {
      this.#read(checkpoint);
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown;
      throw new Fault("corrupt", "the checkpoint is not one of delta-to-cumulative streams", { cause: thrown });
    }
  }

  #read(checkpoint: Uint8Array): void {
    const field = new Cursor(checkpoint);
    let form = 0;
    while (field.next()) {
      if (field.is(CHECKPOINT.form, Wire.varint)) form = field.number();
      if (form !== FORM) throw new Fault("corrupt", `the checkpoint is of form ${form}; this build reads ${FORM}`);
      if (field.is(CHECKPOINT.clock, Wire.varint)) this.#clock = field.number();
      else if (field.is(CHECKPOINT.stream, Wire.bytes)) this.#readStream(new Cursor(checkpoint).enter(field));
    }
  }

  #readStream(field: Cursor): void {
    const stream: { -readonly [K in keyof Stream]: Stream[K] } = {
      ...{ tenant: "", data: 0, start: 0n, time: 0n, seen: 0, value: undefined },
    };
    let key = "";
    while (field.next()) {
      if (field.is(STREAM.key, Wire.bytes)) key = Buffer.from(field.slice()).toString("latin1");
      else if (field.is(STREAM.tenant, Wire.bytes)) stream.tenant = field.text();
      else if (field.is(STREAM.data, Wire.varint)) stream.data = field.number();
      else if (field.is(STREAM.seen, Wire.varint)) stream.seen = field.number();
      else if (field.is(STREAM.start, Wire.fixed64)) stream.start = field.fixed64();
      else if (field.is(STREAM.time, Wire.fixed64)) stream.time = field.fixed64();
      else if (field.is(STREAM.value, Wire.bytes)) {
        // Written after `data`.
        stream.value = POINT_KINDS[stream.data]?.read(field.bytes, field.start, field.stop);
      }
    }
    if (stream.value === undefined)
      throw new Fault("corrupt", `the checkpoint has a stream of unknown data ${stream.data}`);
    this.#streams.set(key, stream);
    this.#count(stream.tenant, weightOf(stream.data, stream.value));
  }
}

function weightOf(data: number, value: unknown): number {
  return 1 + Math.floor((POINT_KINDS[data]?.buckets(value) ?? 0) / BUCKETS_OF_ONE);
}
