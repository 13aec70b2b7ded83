/** What the tests of the Layers share: batches that are easy to make, a backend that does as it is told, a log that remembers. */
import type { Batch, Deliver, Log, Verdict } from "@rondo/core";
import type { Flow } from "./accumulate.ts";
import type { SetAside } from "./dead-letter.ts";

/** A batch of `items` whose body is as many bytes. */
export function batchOf(origin: string, items: number, more: Partial<Batch> = {}): Batch {
  return {
    signal: "traces",
    tenant: "default",
    items,
    body: new Uint8Array(items).fill(origin.charCodeAt(0)),
    sources: [{ origin, items }],
    ...more,
  };
}

/** An abort that never fires. */
export const never = (): AbortSignal => new AbortController().signal;

/** A flow that is never full and has all the time. */
export const unhurried = (): Flow => ({ isFull: () => false, hurry: never() });

/** A dead-letter topic that has room. */
export const keepsAll: SetAside = async () => true;

/** One call that reached the backend, and the ways to answer it. */
export interface Reached {
  readonly batch: Batch;
  readonly abort: AbortSignal;
  answer(verdict: Verdict): void;
  fail(thrown: unknown): void;
}

/** A backend that answers nothing by itself: each call waits in `calls` for its test. */
export function manualBackend(): { readonly calls: Reached[]; readonly deliver: Deliver } {
  const calls: Reached[] = [];
  const deliver: Deliver = (batch, abort) =>
    new Promise((answer, fail) => {
      calls.push({ batch, abort, answer, fail });
    });
  return { calls, deliver };
}

/** A log that keeps its lines as `level message`, and their fields beside. */
export function recordingLog(): Log & { readonly lines: string[]; readonly fields: unknown[] } {
  const lines: string[] = [];
  const fields: unknown[] = [];
  const say = (level: string) => (message: string, given?: unknown) => {
    lines.push(`${level} ${message}`);
    fields.push(given);
  };
  const log = { lines, fields, debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  return { ...log, child: () => recordingLog() };
}
