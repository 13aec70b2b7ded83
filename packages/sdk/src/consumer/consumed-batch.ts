/** What a consumer hands over: one record of an enriched topic, as bytes and, when asked for, as objects. */
import type { EnrichedHeaders, LogRecord } from "@rondo/broker";
import type { Meta } from "@rondo/core";
import type { Signal } from "@rondo/otlp";
import { type DecodedItem, type DecodedRequest, decodedItems, decodeRequest } from "@rondo/otlp/codec";

/** A batch of telemetry of one tenant: what one pipeline made of one raw record, or a part of it. */
export interface ConsumedBatch<S extends Signal = Signal> {
  readonly signal: S;
  readonly tenant: string;
  /** Spans, data points or log records in `body`; never 0. */
  readonly items: number;
  /** An OTLP Export…ServiceRequest in protobuf. It stays valid as long as it is held, and must not be changed. */
  readonly body: Uint8Array;
  /** Where it came from: `<partition>:<raw offset>:<part>/<parts>`. Equal over every repetition, whoever reads it. */
  readonly origin: string;
  /** When Rondo took it in: the broker's clock, milliseconds since the epoch. */
  readonly at: number;
  /** The client metadata that the pipeline keeps. */
  readonly meta?: Meta;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** 1 at first, one more each time that the handler threw. */
  readonly attempt: number;
  /** Fires when the batch's partition is taken away: what is not acknowledged then will be handed to its next owner. */
  readonly revoked: AbortSignal;
  /** Settles the batch for good. Doing it twice, or after the partition was lost, does nothing. */
  ack(): void;
  /** Every span, data point or log record with its resource and scope. Throws a WireError on malformed bytes. */
  decode(): Iterable<DecodedItem<S>>;
  /** The whole request as objects. Throws a WireError on malformed bytes. */
  request(): DecodedRequest<S>;
}

/** What a batch is made of. */
export interface BatchParts<S extends Signal> {
  readonly signal: S;
  readonly topic: string;
  readonly partition: number;
  readonly record: LogRecord;
  readonly headers: EnrichedHeaders;
  readonly attempt: number;
  readonly revoked: AbortSignal;
  readonly ack: () => void;
}

/** Makes a batch of a record. */
export function makeBatch<S extends Signal>(parts: BatchParts<S>): ConsumedBatch<S> {
  const { signal, topic, partition, record, headers, attempt, revoked, ack } = parts;
  const { tenant, items, origin, at, meta } = headers;
  const request = () => decodeRequest(signal, record.value);
  const { value: body, offset } = record;
  const about = { signal, tenant, items, body, origin, at, topic, partition, offset, attempt, revoked };
  return { ...about, ...(meta !== undefined && { meta }), ack, request, decode: () => decodedItems(signal, request()) };
}
