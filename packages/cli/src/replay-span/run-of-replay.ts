/** What a replay was begun with, kept until it is done: whoever goes on with it sends the same span to the same exporters. */

import type { StateStore } from "@rondo/broker";
import { Fault } from "@rondo/core";
import type { Span } from "@rondo/worker";

/** A replay, by its run id. */
export interface ReplayRun extends Span {
  readonly pipeline: string;
  readonly exporters: readonly string[];
}

const keyOf = (run: string) => `replays/${run}`;

/** The header that every request of a replay has, with the run's id; on gRPC it is metadata. */
export const REPLAY_HEADER = "x-rondo-replay";

/** Checks an id: it stands in a header, a key and a file's name. Throws a `config` Fault. */
export function checkRunId(run: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(run)) return run;
  throw new Fault("config", `--run ${run}: a run is called by letters, digits and -, 64 at most`);
}

/** The run as it was begun; undefined when it was not, or is done. Throws `corrupt`. */
export async function loadRun(state: StateStore, run: string): Promise<ReplayRun | undefined> {
  const value = await state.get(keyOf(run));
  if (value === undefined) return undefined;
  try {
    // Written by `saveRun` below.
    return JSON.parse(Buffer.from(value).toString()) as ReplayRun;
  } catch (thrown) {
    throw new Fault("corrupt", `what was kept of run ${run} cannot be read; begin another one`, { cause: thrown });
  }
}

/** Writes a run down, before anything is sent. */
export async function saveRun(state: StateStore, run: string, replay: ReplayRun): Promise<void> {
  await state.put([{ key: keyOf(run), value: Buffer.from(JSON.stringify(replay)) }]);
}

/** The run is done. */
export async function forgetRun(state: StateStore, run: string): Promise<void> {
  await state.put([{ key: keyOf(run), value: null }]);
}

/**
 * What is to be sent: the run as it was begun, or a new one. Throws a `config` Fault when the call asks for something else than what was
 * begun; a span that is told in durations is the one of the beginning.
 */
export function goOn(
  run: string,
  begun: ReplayRun | undefined,
  asked: ReplayRun,
  given: { readonly from?: string; readonly to?: string; readonly exporter?: string },
): ReplayRun {
  if (begun === undefined) {
    if (given.from === undefined) throw new Fault("config", "--from is needed: when the span begins");
    if (asked.from >= asked.to) throw new Fault("config", "the span is empty: --from must be before --to");
    return asked;
  }
  const differs = (what: string, was: string) =>
    new Fault("config", `run ${run} was begun ${what} ${was}; go on with that, or take another --run`);
  if (begun.pipeline !== asked.pipeline) throw differs("for pipeline", begun.pipeline);
  if (given.exporter !== undefined && begun.exporters.join() !== asked.exporters.join())
    throw differs("for", begun.exporters.join(", "));
  for (const [flag, written] of [
    ["from", given.from],
    ["to", given.to],
  ] as const) {
    const isAgo = written === undefined || written === "now" || written.startsWith("-");
    if (!isAgo && asked[flag] !== begun[flag]) throw differs(`with --${flag}`, new Date(begun[flag]).toISOString());
  }
  return begun;
}
