/** The answers to an export call that succeeded, wholly or in part (OTLP, "Partial Success"). */
import { Cursor, Wire } from "./cursor.ts";
import { REJECTED } from "./layout.ts";
import type { Carried } from "./signal.ts";
import { Writer } from "./writer.ts";

/** What a server accepted only in part. With nothing rejected the message is a warning. */
export interface PartialSuccess {
  /** Spans, data points, log records or profiles. */
  readonly rejected: number;
  /** Why, and what to do; in English. */
  readonly message: string;
}

/** Nearly every answer is this one. */
const FULL_SUCCESS = new Uint8Array(0);

/** The bytes of Export…ServiceResponse: empty for full success. They are the same for all signals. */
export function encodeResponse(_signal: Carried, partial: PartialSuccess | undefined): Uint8Array {
  if (partial === undefined) return FULL_SUCCESS;
  const out = new Writer(16 + partial.message.length);
  const inner = out.open(1);
  if (partial.rejected !== 0) out.tag(1, Wire.varint).varint(partial.rejected);
  if (partial.message !== "") out.text(2, partial.message);
  return out.close(inner).finish();
}

/** The JSON form of a response. */
export function responseToJson(signal: Carried, partial: PartialSuccess | undefined): string {
  if (partial === undefined) return "{}";
  // 64-bit integers are strings in OTLP/JSON.
  return JSON.stringify({
    partialSuccess: { [REJECTED[signal]]: String(partial.rejected), errorMessage: partial.message },
  });
}

/**
 * Reads a response of any signal: what was rejected, or undefined for full success, which an empty partial_success is too.
 * Throws WireError on malformed bytes.
 */
export function decodeResponse(bytes: Uint8Array): PartialSuccess | undefined {
  let rejected = 0;
  let message = "";
  const field = new Cursor(bytes);
  const inner = new Cursor(bytes);
  while (field.next()) {
    if (!field.is(1, Wire.bytes)) continue;
    inner.enter(field);
    while (inner.next()) {
      if (inner.is(1, Wire.varint)) rejected = Number(inner.int64());
      else if (inner.is(2, Wire.bytes)) message = inner.text();
    }
  }
  return rejected === 0 && message === "" ? undefined : { rejected, message };
}
