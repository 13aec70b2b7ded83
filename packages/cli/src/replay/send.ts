/** What sending one request comes to, whichever protocol carries it, and when it is tried again. */
import type { Signal } from "@rondo/otlp";

/** A request ready to go. */
export interface Outgoing {
  readonly signal: Signal;
  /** The protobuf request, uncompressed. */
  readonly body: Uint8Array;
  /** As the body goes over HTTP: compressed when `encoding` says so. */
  readonly wire: Uint8Array;
  readonly encoding: "" | "gzip";
}

/** How one try ended. */
export type Sent =
  /** Accepted, all but `rejected` items, for the reason in `message`. */
  | { readonly kind: "acked"; readonly rejected: number; readonly message: string }
  /** Not accepted now; later will do. `afterMs` is what the server asked for. */
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number }
  /** Refused for good. */
  | { readonly kind: "refused"; readonly why: string };

/** One destination. `send` makes one try and never rejects. */
export interface Sender {
  /** Where to, for messages. */
  readonly target: string;
  send(request: Outgoing, abort: AbortSignal): Promise<Sent>;
  close(): void;
}

/** A try that got no answer for this long failed; SDKs use the same (OTEL_EXPORTER_OTLP_TIMEOUT). Milliseconds. */
export const TRY_TIMEOUT_MS = 10_000;

/** The largest answer that is read. */
export const MAX_ANSWER = 1 << 20;
