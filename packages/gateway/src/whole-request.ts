/**
 * What a request of profiles comes to: one record, as it came. Everything in it refers by index to the one dictionary beside it, so
 * that joining two requests, or cutting one, would give other data and no error.
 */
import { RAW_TOPICS } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { countProfiles, murmur2, partitionOf } from "@rondo/otlp";
import type { Piece } from "./batcher.ts";
import type { Sender } from "./intake.ts";

/**
 * The most bytes of a request of profiles. What cannot be cut has to fit a record of the log and the gRPC servers that it goes to,
 * which both take 4 MiB, headers included.
 */
export const WHOLE_BYTES = 3_584 << 10;

/**
 * The one piece of a request, none when it has no profiles. Its partition follows from its bytes: profiles carry their own times,
 * and nothing behind reads them in order, while one partition for a tenant would send all that it has one request after the other.
 * What a client repeats comes to where it may be already. Throws WireError where the frames are broken, and a Fault `too_large`.
 */
export function wholeRequest(
  { signal, tenant, receiver: via, meta }: Sender,
  body: Uint8Array,
  partitions: number,
): { readonly items: number; readonly pieces: readonly Piece[] } {
  if (body.length > WHOLE_BYTES) {
    throw new Fault(
      "too_large",
      `a request of profiles has ${body.length} B and cannot be cut; ${WHOLE_BYTES} B may be in one: send fewer at once`,
    );
  }
  const items = countProfiles(body);
  if (items === 0) return { items, pieces: [] };
  const partition = partitionOf(murmur2(body), partitions);
  return { items, pieces: [{ topic: RAW_TOPICS[signal], partition, tenant, via, meta, items, body, alone: true }] };
}
