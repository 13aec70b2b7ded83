/** `rondo sink`: a destination for dry runs that keeps the ids of what arrives, until it is interrupted. */
import { type Clock, Fault, sleep } from "@rondo/core";
import { parseAddress } from "../address.ts";
import { EXIT, type Out } from "../out.ts";
import { type Behaviour, parseBehaviour } from "../sink/behaviour.ts";
import { type ListenerOptions, type Sink, startSink } from "../sink/sink.ts";
import { statusOf } from "../sink/status.ts";
import { addressLines, arrivalLine, summaryLines } from "../sink/summary.ts";

/** The options as the command line gives them. */
export interface SinkCommandOptions {
  /** `[NAME=]HOST:PORT`, once for each exporter; equal names belong to one listener. The name is `sink` when left out. */
  readonly grpc?: readonly string[];
  readonly http?: readonly string[];
  /** `HOST:PORT` of the status API. */
  readonly statusAddress?: string;
  readonly ledger?: string;
  /** `ok`, `hang`, `503`, `slow=200ms`, `refuse=60s` … */
  readonly answer?: string;
  /** Attribute keys that identity leaves out. */
  readonly ignore?: readonly string[];
  readonly maxIds?: number;
}

const ANY_PORT = "127.0.0.1:0";
const PRINT_EVERY_MS = 1000;

/**
 * Opens the sink, prints its addresses, and stays until `abort` fires; then prints what arrived. On a terminal it prints
 * a line for every second in which something came. Returns 0, or 1 when it could not start, 2 when an option is wrong.
 */
export async function sinkCommand(
  options: SinkCommandOptions,
  {
    out,
    terminal,
    clock,
    abort,
  }: { readonly out: Out; readonly terminal: boolean; readonly clock: Clock; readonly abort: AbortSignal },
): Promise<number> {
  let sink: Sink;
  try {
    sink = await startSink({
      listeners: listenersFrom(options.grpc ?? [], options.http ?? []),
      status: parseAddress("--status-address", options.statusAddress ?? ANY_PORT),
      ...(options.ledger !== undefined && { ledger: options.ledger }),
      ...(options.answer !== undefined && { answer: answerFrom(options.answer) }),
      ...(options.ignore !== undefined && { ignore: options.ignore }),
      ...(options.maxIds !== undefined && { maxIds: options.maxIds }),
      clock,
      problem: (line) => out.error(line),
    });
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === "bug") throw thrown;
    out.error(`rondo sink: ${fault.message}`);
    return fault.code === "startup" ? EXIT.failed : EXIT.usage;
  }
  for (const line of addressLines(look(sink), sink.status)) out.line(line);
  let before = look(sink);
  while (!abort.aborted) {
    await sleep(clock, PRINT_EVERY_MS, abort);
    const after = look(sink);
    const line = arrivalLine(before, after);
    if (terminal && line !== undefined) out.line(line);
    before = after;
  }
  await sink.close();
  for (const line of summaryLines(look(sink))) out.line(line);
  return EXIT.ok;
}

/**
 * Gathers `[NAME=]HOST:PORT` texts into listeners; with none at all there is one, `sink`, with a free port for each
 * protocol. Throws a Fault `config` for an address given twice under one name.
 */
export function listenersFrom(grpc: readonly string[], http: readonly string[]): ListenerOptions[] {
  if (grpc.length + http.length === 0) return listenersFrom([ANY_PORT], [ANY_PORT]);
  const byName = new Map<string, ListenerOptions>();
  for (const [via, texts] of [["grpc", grpc] as const, ["http", http] as const]) {
    for (const text of texts) {
      const sign = text.lastIndexOf("=");
      const name = sign < 0 ? "sink" : text.slice(0, sign);
      const listener = byName.get(name) ?? { name };
      if (name === "") throw new Fault("config", `--${via} ${text}: before the = stands a name, such as otlp/tempo`);
      if (listener[via] !== undefined) {
        throw new Fault("config", `--${via} ${text}: "${name}" has a ${via} address already; give it another name`);
      }
      byName.set(name, { ...listener, [via]: parseAddress(`--${via}`, text.slice(sign + 1)) });
    }
  }
  return [...byName.values()];
}

function answerFrom(text: string): Behaviour {
  try {
    return parseBehaviour(text);
  } catch (thrown) {
    throw new Fault("config", `--answer: ${Fault.from(thrown).message}`);
  }
}

/** The same view of the sink that its status API gives. */
function look(sink: Sink) {
  return { listeners: sink.listeners.map(statusOf) };
}
