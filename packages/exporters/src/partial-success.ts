/** What an OTLP backend's answer to an accepted request says of its items (OTLP, "Partial Success"). */
import { type Batch, type Drop, type DropReason, SETTLED, type Verdict } from "@rondo/core";
import type { Recurring } from "@rondo/delivery";
import { decodeResponse, type PartialSuccess, WireError } from "@rondo/otlp";

/** The longest text of a backend that goes into a log line or a drop, in characters. */
const DETAIL_LENGTH = 300;

/** A backend's own words, safe to print: one line, bounded, without control characters. */
export function words(said: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  const line = said.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return line.length > DETAIL_LENGTH ? `${line.slice(0, DETAIL_LENGTH)}…` : line;
}

/** Reads protobuf bytes; undefined when they are no answer. Full success reads as nothing rejected and no message. */
export function readResponse(bytes: Uint8Array): PartialSuccess | undefined {
  try {
    return decodeResponse(bytes) ?? { rejected: 0, message: "" };
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined;
    throw thrown;
  }
}

/**
 * The verdict on an accepted batch. Rejected items are dropped for good: the client must not send them again. Never more
 * than the batch has, whatever the backend claims. With nothing rejected a message is a warning.
 */
export function acceptedVerdict(batch: Batch, partial: PartialSuccess, trouble: Recurring): Verdict {
  const detail = words(partial.message);
  const items = Math.min(Math.max(0, Math.trunc(partial.rejected)), batch.items);
  if (items === 0) {
    if (detail !== "") trouble.happened("the backend accepted a request with a warning", { says: detail });
    return SETTLED;
  }
  trouble.happened("the backend rejected items of a request for good", { signal: batch.signal, items, says: detail });
  // Which of the items they were is known only when they were all.
  const body = items === batch.items && { body: batch.body };
  return { kind: "settled", drops: [{ reason: "backend_rejected", items, detail, ...body }] };
}

/** The verdict on a batch that the backend refused for good, whole: one item may have been the reason, or all. */
export function refusedVerdict(batch: Batch, why: string, trouble: Recurring): Verdict {
  trouble.happened("the backend refused a request for good", {
    signal: batch.signal,
    items: batch.items,
    says: why,
  });
  return { kind: "settled", drops: [togetherRefused(batch, "backend_rejected", batch.items, why)] };
}

/** Items of a batch that went down together, whichever of them was the reason. */
export function togetherRefused({ body }: Batch, reason: DropReason, items: number, detail: string): Drop {
  return { reason, items, detail, body, together: true };
}
