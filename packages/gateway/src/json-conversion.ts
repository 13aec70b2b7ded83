/** OTLP/JSON to protobuf: what is small at once, what is large off the event loop. */
import type { Signal } from "@rondo/otlp";
import type { OffLoop } from "./off-loop.ts";

/**
 * Texts of so many bytes and more leave the loop. Here they would take 0.3 ms and more, and many times that when they are made to be
 * slow; the hop takes a tenth of a millisecond, half of it from the loop.
 */
export const JSON_THREAD_BYTES = 128 << 10;

/** Under what a text is converted. */
export interface JsonBounds {
  /** The bytes that the request may have in protobuf. */
  readonly limit: number;
  /** Whose text it is. */
  readonly tenant: string;
}

/**
 * Converts a text, all of whose memory is the conversion's from then on: the request in protobuf, in memory of its own. Rejects with
 * what `requestFromJson` throws, and as `OffLoop` does.
 */
export type JsonConversion = (signal: Signal, text: Uint8Array, bounds: JsonBounds) => Promise<Uint8Array>;

/** The conversion, with the thread for what is large. */
export function jsonConversion(thread: Pick<OffLoop, "run">): JsonConversion {
  return async (signal, text, { limit, tenant }) => {
    if (text.length >= JSON_THREAD_BYTES) return await thread.run("convertJson", tenant, { signal, body: text, limit });
    // The code is loaded with the first such request.
    const { requestFromJson } = await import("@rondo/otlp/json");
    return requestFromJson(signal, text, limit);
  };
}
