/** A thread that does what takes long with a body, one after the other, so that no event loop waits for a large one. */
import { Fault, type FaultCode } from "@rondo/core";
import { type Signal, SizeError, WireError } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { move, transferableSymbol, valueSymbol } from "piscina";
import { type CutTerms, cutRequest as cut, type Work } from "./cut-request.ts";

/** A text for the thread. All memory of a body goes with it. */
export interface JsonTask {
  readonly body: Uint8Array;
  readonly signal: Signal;
  /** The bytes that the request may have in protobuf. */
  readonly limit: number;
}

/** A request for the thread. All memory of a body goes with it. */
export interface CutTask extends CutTerms {
  readonly body: Uint8Array;
}

/** What the thread is given and gives back, by the names of its functions. */
export interface ThreadWork {
  readonly convertJson: { readonly task: JsonTask; readonly result: Uint8Array };
  readonly cutRequest: { readonly task: CutTask; readonly result: Work };
}

/** What was thrown over a body. Errors lose their class and their fields between threads, so those of a body go as what they say. */
export interface Failed {
  readonly failed:
    | { readonly kind: "malformed"; readonly problem: string; readonly offset: number; readonly path: string }
    | { readonly kind: "too_large"; readonly limit: number }
    | { readonly kind: "fault"; readonly code: FaultCode; readonly message: string }
    | { readonly kind: "other"; readonly thrown: unknown };
}

/**
 * The request of a text, with its memory, or why there is none. As all functions here it never throws: whoever hears of an error
 * knows that the thread has ended.
 */
export function convertJson({ signal, body, limit }: JsonTask): unknown {
  return attempt(body, () => {
    const made = requestFromJson(signal, body, limit);
    free(body);
    return moved(made, [made]);
  });
}

/** What a request comes to, with the memory of its pieces, or why it is refused. */
export function cutRequest({ body, ...terms }: CutTask): unknown {
  return attempt(body, () => {
    const work = cut(terms, body);
    const { pieces } = work;
    const bodies = pieces.map((piece) => piece.body);
    if (bodies.some(({ buffer }) => buffer === body.buffer)) return moved(work, bodies);
    free(body);
    return moved({ ...work, body: NOTHING }, bodies);
  });
}

const NOTHING = new Uint8Array(0);

function attempt(body: Uint8Array, work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    free(body);
    return { failed: failure(thrown) } satisfies Failed;
  }
}

/** Left to the collector, which has little to do here, a body would stand beside the next. */
function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** A result that takes the memory of `bodies` with it, but for what is small: that may be of Node's pool, which cannot go. */
function moved(result: object, bodies: readonly Uint8Array[]): unknown {
  const buffers = new Set(
    bodies.filter(({ buffer }) => buffer.byteLength > Buffer.poolSize).map(({ buffer }) => buffer),
  );
  return move({ [transferableSymbol]: [...buffers], [valueSymbol]: result });
}

function failure(thrown: unknown): Failed["failed"] {
  if (thrown instanceof SizeError) return { kind: "too_large", limit: thrown.limit };
  if (thrown instanceof Fault) return { kind: "fault", code: thrown.code, message: thrown.message };
  if (!(thrown instanceof WireError)) return { kind: "other", thrown };
  const { problem, offset, path } = thrown;
  return { kind: "malformed", problem, offset, path };
}
