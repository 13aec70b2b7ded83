/** What each gRPC status means for a batch: the one mapping at this border. OTLP 1.11, "Failures". */
import { status } from "@grpc/grpc-js";
import type { FaultCode } from "@rondo/core";

/** `refused`: for good. `later`: try again. `with_delay`: again only when the answer names a delay (RetryInfo), else refused. */
export type Outcome = "refused" | "later" | "with_delay";

interface Meaning {
  readonly outcome: Outcome;
  readonly fault: FaultCode;
  /** What somebody has to set right first. */
  readonly hint?: string;
}

const later: Meaning = { outcome: "later", fault: "unavailable" };
const refused: Meaning = { outcome: "refused", fault: "rejected" };

/** As over HTTP: these speak of credentials and address, and the data waits until somebody has set them right. */
const CREDENTIALS = "check the credentials in the exporter's headers, and what they allow";
const PLACE = "check the exporter's endpoint, and whether the backend takes this signal there";

/**
 * By status code. Six rows are kinder than OTLP, which lets them lose the request. INTERNAL and UNKNOWN are what a crashing handler,
 * a cut stream and a confused proxy look like as well, and what Rondo has accepted it does not give up for that; the Collector
 * answers INTERNAL for a permanent failure behind it, and such a request is repeated until someone looks. The four with a hint
 * say nothing of the data.
 */
export const STATUS_TABLE: Readonly<Record<number, Meaning>> = {
  [status.CANCELLED]: later,
  [status.UNKNOWN]: later,
  [status.INVALID_ARGUMENT]: refused,
  [status.DEADLINE_EXCEEDED]: later,
  [status.NOT_FOUND]: { outcome: "later", fault: "not_found", hint: PLACE },
  [status.ALREADY_EXISTS]: refused,
  [status.PERMISSION_DENIED]: { outcome: "later", fault: "forbidden", hint: CREDENTIALS },
  [status.RESOURCE_EXHAUSTED]: { outcome: "with_delay", fault: "throttled" },
  [status.FAILED_PRECONDITION]: refused,
  [status.ABORTED]: later,
  [status.OUT_OF_RANGE]: later,
  [status.UNIMPLEMENTED]: { outcome: "later", fault: "config", hint: PLACE },
  [status.INTERNAL]: later,
  [status.UNAVAILABLE]: later,
  [status.DATA_LOSS]: later,
  [status.UNAUTHENTICATED]: { outcome: "later", fault: "unauthenticated", hint: CREDENTIALS },
};

/** What a code means; one that gRPC does not define says nothing of the batch. */
export function meaningOf(code: number): Meaning {
  return STATUS_TABLE[code] ?? later;
}

/**
 * Statuses that grpc-js makes up itself, told by their text (its subchannel-call.ts and client.ts): the backend has not spoken
 * gRPC, so its HTTP status, an oversized answer or a missing one must not count as a refusal.
 */
const MADE_UP =
  /^(?:Received HTTP status code|No message received|Received message larger than max|Response message parsing)/;

/**
 * What grpc-js says when a request was on its way and the stream or its connection broke (its subchannel-call.ts). A reset that
 * the system reports comes in Node's words for it; a connection that could not be made says `connect` and was never sent on.
 */
const CUT = /^(?:Connection dropped|Received RST_STREAM with code|(?:read|write) E(?:CONNRESET|TIMEDOUT))/;

/** Whether the backend may have taken a request that failed like this: its answer, if it gave one, did not arrive. */
export function isUnanswered(details: string): boolean {
  return CUT.test(details) || MADE_UP.test(details);
}
