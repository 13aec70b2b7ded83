/** A request as a fleet's service sends it, before it is written into a recording. */
import type { Signal } from "@rondo/otlp";
import { type DecodedAttribute, type DecodedRequest, encodeRequest } from "@rondo/otlp/codec";

/** One OTLP request of a fleet. */
export interface FleetRequest {
  /** Seconds from the scenario's start, at the scenario's speed. */
  readonly t: number;
  readonly via: "http" | "grpc";
  readonly signal: Signal;
  /** How the body goes over HTTP. `body` itself is never compressed. */
  readonly encoding: "" | "gzip";
  /** The protobuf request. */
  readonly body: Uint8Array;
}

/**
 * The bytes of a request given as objects. They come from the generated codec, which shares no code with the cursors and
 * the writer that a test is about to judge.
 */
export function bytesOf<S extends Signal>(signal: S, request: DecodedRequest<S>): Uint8Array {
  return encodeRequest(signal, request);
}

/** Text attributes, in the order of the object. */
export function textAttributes(from: Readonly<Record<string, string>>): readonly DecodedAttribute[] {
  return Object.entries(from).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}
