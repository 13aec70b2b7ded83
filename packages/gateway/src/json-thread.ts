/** A thread that makes protobuf of OTLP/JSON, one text after the other, so that no event loop waits for a large one. */
import { type Signal, SizeError, WireError } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { move } from "piscina";

/** A text for the thread, which gets its memory with it. */
export interface JsonTask {
  readonly signal: Signal;
  readonly text: Uint8Array<ArrayBuffer>;
  /** The bytes that the request may have in protobuf. */
  readonly limit: number;
}

/** What was thrown over a text. Errors lose their class and their fields between threads, so those of a text go as what they say. */
export type JsonFailure =
  | { readonly kind: "malformed"; readonly problem: string; readonly offset: number; readonly path: string }
  | { readonly kind: "too_large"; readonly limit: number }
  | { readonly kind: "other"; readonly thrown: unknown };

/**
 * The request of a text, with its memory, or why there is none. It never throws: whoever hears of an error knows that the thread
 * has ended.
 */
export function convertJson({ signal, text, limit }: JsonTask): unknown {
  try {
    return move(requestFromJson(signal, text, limit));
  } catch (thrown) {
    return failure(thrown);
  } finally {
    // Left to the collector, which has little to do here, it would stand beside the next text.
    text.buffer.transfer(0);
  }
}

function failure(thrown: unknown): JsonFailure {
  if (thrown instanceof SizeError) return { kind: "too_large", limit: thrown.limit };
  if (!(thrown instanceof WireError)) return { kind: "other", thrown };
  const { problem, offset, path } = thrown;
  return { kind: "malformed", problem, offset, path };
}
